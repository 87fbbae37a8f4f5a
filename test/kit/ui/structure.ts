/**
 * A script that tells what a page is made of, as far as axe and the style of the page can tell: elements, classes, roles, states, whether there is text. Which
 * words these are is left out. Each key stands for a part with all that it is in; `context` is what axe has to look at, without parts that are known.
 * `build` has a key for the whole (its names and ids are numbers there, so that it shows which are the same) and for each part that nothing outside of it
 * depends on: without headings, landmarks, ids. `colours` has one for each element with a text of its own.
 */
export const STRUCTURE = `globalThis.structure ??= (() => {
  const NAMES = new Set(['id', 'for', 'name', 'title', 'alt', 'headers', 'aria-label', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns']);
  const LEFT_OUT = new Set(['href', 'value', 'datetime', 'data-row', 'aria-rowindex', 'aria-rowcount', 'placeholder', 'd', 'x', 'y', 'cx', 'cy', 'transform', 'points']);
  const BOUND = 'h1, h2, h3, h4, h5, h6, header, footer, main, nav, aside, section, form, search, dialog, [role], [id], [for], [aria-labelledby], [aria-describedby], [aria-controls]';
  const held = {};
  let parts;

  const hash = (text) => {
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
    return (a >>> 0).toString(36) + (b >>> 0).toString(36);
  };
  const textOf = (element) => {
    let length = 0;
    for (const node of element.childNodes) if (node.nodeType === 3) length += node.data.trim().length;
    return length > 1 ? ' text' : length === 1 ? ' letter' : '';
  };
  const headOf = (element, numberOf) => {
    const attributes = [...element.attributes].map(({ name, value }) =>
      LEFT_OUT.has(name) ? name : NAMES.has(name) ? name + '#' + (value === '' ? '' : numberOf(value)) : name + '=' + value);
    return element.tagName + ' ' + attributes.sort().join(' ') + textOf(element);
  };
  const plain = () => 1;
  const look = () => ({ width: innerWidth, theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' });
  const begin = (element, name) => {
    parts = name === 'build' ? [element] : [];
    held[name] = { root: element, parts };
    let path = '';
    for (let above = element.parentElement; above !== null; above = above.parentElement) path = headOf(above, plain) + '/' + path;
    return path;
  };

  return {
    build(element) {
      const path = begin(element, 'build');
      const numbers = new Map();
      const numberOf = (text) => numbers.get(text) ?? (numbers.set(text, numbers.size), numbers.size - 1);
      const whole = (part) => headOf(part, numberOf) + '<' + [...part.children].map(whole).join('') + '>';
      const keys = [hash(path + whole(element))];
      const made = new Map();
      // A part is bound where something in it is. Each element is read once.
      const make = (part) => {
        const children = [...part.children].map(make);
        const mark = hash(headOf(part, plain) + '<' + children.map((child) => child.mark).join(' ') + '>');
        const result = { mark, isBound: part.matches(BOUND) || children.some((child) => child.isBound) };
        made.set(part, result);
        return result;
      };
      make(element);
      const walk = (part, above) => {
        for (const child of part.children) {
          const { mark, isBound } = made.get(child);
          if (!isBound) {
            parts.push(child);
            keys.push(hash(above + mark));
          }
          walk(child, hash(above + headOf(child, plain)));
        }
      };
      walk(element, hash(path + headOf(element, plain)));
      return { ...look(), keys };
    },
    colours(element) {
      const path = begin(element, 'colours');
      const keys = [];
      const walk = (part, above) => {
        const own = above + headOf(part, plain) + '/';
        if (textOf(part) !== '' || part.matches('input, select, textarea')) {
          parts.push(part);
          keys.push(hash(own));
        }
        for (const child of part.children) walk(child, own);
      };
      walk(element, path);
      return { ...look(), keys };
    },
    context(rules, isKnown) {
      const { root, parts } = held[rules];
      if (rules === 'colours') return { include: parts.filter((_, index) => !isKnown[index]) };
      const known = new Set(parts.filter((_, index) => isKnown[index]));
      const exclude = [...known].filter((part) => !known.has(part.parentElement));
      return { include: [root], exclude };
    },
  };
})()`;
