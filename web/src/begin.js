// Styles may tell that scripts run; the reader is led to what needs attention.
document.documentElement.classList.add('scripted');
document.querySelector('[data-focus]')?.focus();
