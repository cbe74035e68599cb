// A select with many entries becomes a field one types a keyword in (ARIA APG, combobox with list autocomplete). The
// select stays what is sent. Entries are found by label and keywords; those of another reason are left out.
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

for (const select of document.querySelectorAll('select[data-combobox]')) enhance(select);

function enhance(select) {
  const box = document.createElement('div');
  box.className = 'combobox';
  const input = document.createElement('input');
  const list = document.createElement('ul');
  const status = document.createElement('p');
  const id = select.id;
  Object.assign(input, { type: 'text', className: 'form-control', autocomplete: 'off' });
  for (const [name, value] of Object.entries({
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
    'aria-controls': `${id}-lista`,
  })) input.setAttribute(name, value);
  for (const name of ['aria-describedby', 'aria-invalid']) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  Object.assign(list, { id: `${id}-lista`, hidden: true });
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', document.querySelector(`label[for="${id}"]`).textContent);
  status.className = 'visually-hidden';
  status.setAttribute('role', 'status');
  select.before(box);
  box.append(input, list, status, select);
  select.hidden = true;
  select.id = `${id}-scelta`;
  input.id = id;
  const label = () => (select.value ? select.selectedOptions[0].textContent : '');
  input.value = label();
  let active = -1;

  const fits = () => {
    const reason = document.querySelector(`input[name="${select.dataset.of}"]:checked`)?.value;
    const words = plain(input.value === label() ? '' : input.value).split(/\s+/).filter(Boolean);
    return [...select.options].filter((option) => {
      if (!option.value || (reason && !option.dataset.reasons.split(' ').includes(reason))) return false;
      const text = plain(`${option.textContent} ${option.dataset.keywords}`);
      return words.every((word) => text.includes(word));
    });
  };
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = (index) => {
    const entries = [...list.children];
    if (entries.length === 0) return;
    active = (index + entries.length) % entries.length;
    entries.forEach((entry, at) => entry.setAttribute('aria-selected', String(at === active)));
    input.setAttribute('aria-activedescendant', entries[active].id);
    entries[active].scrollIntoView({ block: 'nearest' });
  };
  const choose = (value) => {
    select.value = value;
    input.value = label();
    select.dispatchEvent(new Event('input', { bubbles: true }));
    close();
  };
  const open = () => {
    const found = fits();
    list.replaceChildren(
      ...found.map((option, at) => {
        const entry = document.createElement('li');
        Object.assign(entry, { id: `${id}-voce-${at}`, textContent: option.textContent });
        entry.dataset.value = option.value;
        entry.setAttribute('role', 'option');
        entry.setAttribute('aria-selected', 'false');
        return entry;
      }),
    );
    active = -1;
    input.removeAttribute('aria-activedescendant');
    list.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(found.length > 0));
    status.textContent = found.length === 1 ? '1 argomento trovato' : `${found.length} argomenti trovati`;
  };
  input.addEventListener('input', () => {
    select.value = '';
    open();
  });
  input.addEventListener('click', open);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) open();
      mark(active + (event.key === 'ArrowDown' ? 1 : active < 0 ? 0 : -1));
    } else if (event.key === 'Enter' && !list.hidden && active >= 0) {
      event.preventDefault();
      choose(list.children[active].dataset.value);
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  list.addEventListener('mousedown', (event) => {
    const entry = event.target.closest('[role=option]');
    if (!entry) return;
    event.preventDefault();
    choose(entry.dataset.value);
  });
  input.addEventListener('blur', () => {
    close();
    const typed = plain(input.value.trim());
    if (!select.value && typed) {
      const same = [...select.options].find((option) => plain(option.textContent.trim()) === typed);
      if (same) choose(same.value);
    }
  });
  document.addEventListener('change', (event) => {
    if (event.target.name !== select.dataset.of || !select.value) return;
    if (!select.selectedOptions[0].dataset.reasons.split(' ').includes(event.target.value)) {
      select.value = '';
      input.value = '';
    }
  });
}
