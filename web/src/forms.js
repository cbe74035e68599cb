// A form is sent once; a long text tells how much room is left.
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
  });
}
// Back to a page the browser kept: its forms may be sent again.
addEventListener('pageshow', (event) => {
  if (event.persisted) for (const form of document.forms) delete form.dataset.sent;
});

for (const area of document.querySelectorAll('textarea[data-count]')) {
  const most = Number(area.dataset.count);
  const line = document.createElement('p');
  line.className = 'form-text';
  const spoken = document.createElement('p');
  spoken.className = 'visually-hidden';
  spoken.setAttribute('role', 'status');
  area.after(line, spoken);
  const tell = () => {
    const left = most - [...area.value].length;
    line.textContent = left >= 0 ? `Caratteri disponibili: ${left}` : `Caratteri in eccesso: ${-left}`;
    if (left <= 100 && left % 20 === 0) spoken.textContent = line.textContent;
  };
  area.addEventListener('input', tell);
  tell();
}

// Fields that only some choices of a group ask for.
for (const part of document.querySelectorAll('[data-when]')) {
  const [name, values] = part.dataset.when.split('=');
  const wanted = values.split(' ');
  const look = () => {
    const chosen = document.querySelector(`input[name="${name}"]:checked, select[name="${name}"]`);
    part.hidden = !chosen || !wanted.includes(chosen.value);
  };
  document.addEventListener('change', look);
  look();
}
