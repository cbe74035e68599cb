// "Ricerca per": the field becomes what the criterion asks for - a date, or the names of topics and states to pick from.
const quick = document.querySelector('form[data-quick]');
if (quick) {
  const [criterion, value] = [quick.elements.per, quick.elements.valore];
  const lists = { oggetto: '#oggetto', stato: '#stato' };
  for (const [name, source] of Object.entries(lists)) {
    const list = document.createElement('datalist');
    list.id = `elenco-${name}`;
    for (const option of document.querySelectorAll(`${source} option[value]:not([value=""])`)) {
      list.append(new Option('', option.textContent));
    }
    quick.append(list);
  }
  const fit = () => {
    value.type = criterion.value === 'data' ? 'date' : 'text';
    if (lists[criterion.value]) value.setAttribute('list', `elenco-${criterion.value}`);
    else value.removeAttribute('list');
  };
  criterion.addEventListener('change', () => {
    value.value = '';
    fit();
  });
  if (!value.value) fit();
}
