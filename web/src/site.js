// What pages do more where a script may run; every one of them works without. Each part looks for what it is about.
import './begin.js';
import './idle.js';
import './forms.js';
import './dialogs.js';
import './files.js';
import './draft.js';
import './combobox.js';
import './copy.js';
import './live.js';
import './quick.js';
