// The pictures of the README: what an operator sees of a system with the demonstration's requests.
import { join } from 'node:path';

import { Person, compile, launch, upToCompilation } from './tests/browser.mjs';
import { System } from './tests/system.mjs';

const folder = process.argv[2];
const system = await System.start();
const browser = await launch();
try {
  system.usciere('demo', 'load', '--requests', '120');
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await page.setViewportSize({ width: 1280, height: 860 });
  await person.enter('inca/INCA-RM-001/op1');
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  const at = (path) => page.goto(system.url + path);
  await at('/');
  await picture('home');
  await upToCompilation(person);
  await compile(person);
  await page.evaluate(() => scrollTo(0, 0));
  await picture('compilazione');
  await person.press('Prosegui');
  await picture('riepilogo');
  await at('/richieste');
  await picture('storico');
  await at(await page.locator('tr:has-text("Chiuso") td.arrow a').first().getAttribute('href'));
  await picture('dettaglio');
  await at('/statistiche');
  await picture('statistiche');
} finally {
  await browser.close();
  await system.stop();
}
