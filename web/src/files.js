// Files that would be refused are named before they are sent; the server looks again.
const KINDS = ['gif', 'jpg', 'jpeg', 'pdf', 'tif', 'tiff', 'txt'];
const MOST = 6 * 1024 * 1024;
for (const input of document.querySelectorAll('input[type=file][data-check]')) {
  const line = document.createElement('p');
  line.className = 'field-error';
  line.setAttribute('role', 'alert');
  input.after(line);
  input.addEventListener('change', () => {
    line.textContent = '';
    for (const file of input.files) {
      const kind = file.name.split('.').pop().toLowerCase();
      if (!KINDS.includes(kind)) line.textContent = 'Formato non ammesso: usa gif, jpg, pdf, tiff o txt.';
      else if (file.size > MOST) line.textContent = `Il file «${file.name}» supera 6 MB.`;
      else if (file.size === 0) line.textContent = 'File vuoto.';
      if (line.textContent) {
        input.value = '';
        return;
      }
    }
    const attach = input.form?.querySelector('[data-attach]');
    if (attach && input.files.length > 0) attach.click();
  });
}
