/** Gives a text to the browser as a file to keep. */
export function saveText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has read the text by its next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
