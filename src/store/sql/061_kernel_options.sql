-- What the kernel of each machine with a tag gets on its command line (model/nouns/tags/kernel-options.ts). Empty: nothing.
alter table tags add column kernel_options text not null default ''
  constraint tags_kernel_options_grammar check (length(kernel_options) <= 500 and kernel_options ~ '^[A-Za-z0-9!%+,./:=?@_~ -]*$');
