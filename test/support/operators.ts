/** The functions that only an operator invokes. They have no event and no address. */
export const OPERATORS = [
  'account-export',
  'account-release-phone',
  'catalog-put',
  'complaints',
  'content-decide',
  'menu-publish',
  'message-send',
  'order-ship',
  'order-show',
  'pay-refund',
  'pay-refund-abnormal',
  'receipt-remind',
  'sessions-end',
];
