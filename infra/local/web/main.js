import { configure } from './calls.js';
import { problem, show } from './dom.js';
import { showMerchant } from './merchant.js';
import { createPhone } from './phone.js';
import { showVirtualOrders } from './virtual-orders.js';
import { createWebPage } from './web-page.js';
import { showWire } from './wire.js';

const byId = (id) => document.getElementById(id);

const webPage = createWebPage({ screen: byId('web-page'), status: byId('web-page-status') });
createPhone({
  bar: byId('phone-bar'),
  screen: byId('phone'),
  status: byId('phone-status'),
  people: byId('people'),
  newPerson: byId('new-person'),
  apps: byId('apps'),
  codeOnPage: () => webPage.code(),
});
showMerchant({ orders: byId('merchant'), complaints: byId('complaints') });
showVirtualOrders({ orders: byId('virtual'), status: byId('virtual-status') });
showWire(byId('wire'));

try {
  await configure();
  await webPage.newCode();
} catch (error) {
  show(byId('web-page'), problem(error));
}
