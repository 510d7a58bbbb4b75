// What each function of lib/store does to the table: for each kind of item, by how its partition key begins, the actions
// of DynamoDB that a role must allow. A transaction needs the actions that it is made of; a condition needs none.

type Actions = Partial<Record<string, string[]>>;

const READ = ['GetItem'];
const PUT = ['PutItem'];
const UPDATE = ['UpdateItem'];
const DELETE = ['DeleteItem'];
const QUERY = ['Query'];
const BATCH = ['BatchGetItem'];

/** An index has no kinds of items; it is granted as a whole. */
export const FOLLOW_UP_INDEX = 'index/follow-ups';
export const PAID_INDEX = 'index/paid-on-day';

export const STORE_ACCESS: Record<string, Record<string, Actions>> = {
  'account-links': {
    linkNewAccount: { IDENTITY: UPDATE, UNION: UPDATE },
    attachIdentity: { IDENTITY: UPDATE, ACCOUNT: UPDATE },
    attachUnion: { UNION: UPDATE, IDENTITY: UPDATE, ACCOUNT: UPDATE },
    linkPhone: { PHONE: [...UPDATE, ...DELETE], ACCOUNT: UPDATE },
    mergeAccounts: { ACCOUNT: [...UPDATE, ...PUT], IDENTITY: UPDATE, UNION: UPDATE },
    closeAndUnlinkAccount: { ACCOUNT: UPDATE, IDENTITY: DELETE, UNION: DELETE, PHONE: DELETE },
  },
  accounts: {
    readAccount: { ACCOUNT: READ },
    putAccount: { ACCOUNT: PUT },
    deleteAccount: { ACCOUNT: DELETE },
    setProfile: { ACCOUNT: UPDATE },
    setWechatProfile: { ACCOUNT: UPDATE },
    clearWechatProfile: { ACCOUNT: UPDATE },
    readMerges: { ACCOUNT: QUERY },
    anonymiseMerges: { ACCOUNT: UPDATE },
  },
  bills: {
    readReconciled: { BILL: READ },
    putReconciled: { BILL: PUT },
    recordDifference: { BILL: PUT },
  },
  certificates: {
    certificateStore: { PAYKEYS: [...READ, ...PUT, ...UPDATE] },
  },
  claims: {
    claim: { CLAIM: PUT },
    readClaim: { CLAIM: READ },
  },
  'follow-ups': {
    listDueFollowUps: { [FOLLOW_UP_INDEX]: QUERY },
    claimFollowUp: { ACCOUNT: UPDATE, REFUND: UPDATE },
    scheduleFollowUp: { ACCOUNT: UPDATE, REFUND: UPDATE },
    cancelFollowUp: { ACCOUNT: UPDATE, REFUND: UPDATE },
  },
  identities: {
    readIdentity: { IDENTITY: READ },
    readUnion: { UNION: READ },
    readPhoneHolder: { PHONE: READ },
    setSubscribed: { IDENTITY: UPDATE },
    putUnionId: { IDENTITY: UPDATE },
    requestIdentitySync: { IDENTITY: UPDATE },
    completeIdentitySync: { IDENTITY: UPDATE },
  },
  ledger: {
    readLedger: { ACCOUNT: BATCH, REFUND: BATCH },
    listPaidOn: { [PAID_INDEX]: QUERY },
  },
  orders: {
    putOrder: { ACCOUNT: PUT },
    readOrder: { ACCOUNT: READ },
    readOrdersOf: { ACCOUNT: QUERY },
    readOrderPage: { ACCOUNT: QUERY },
    erasePayer: { ACCOUNT: UPDATE },
    markAccepted: { ACCOUNT: UPDATE },
    markPaid: { ACCOUNT: UPDATE },
    markClosed: { ACCOUNT: UPDATE },
    claimQuery: { ACCOUNT: UPDATE },
    claimCreation: { ACCOUNT: UPDATE },
    releaseCreation: { ACCOUNT: UPDATE },
  },
  'pay-notices': {
    recordMismatch: { MISMATCH: PUT },
    recordNotice: { NOTICE: PUT },
  },
  'platform-tokens': {
    platformTokens: { TOKEN: [...READ, ...UPDATE] },
  },
  prices: {
    readPrice: { PRICE: READ },
    putPrice: { PRICE: PUT },
  },
  rates: {
    addToRate: { RATE: UPDATE },
  },
  refunds: {
    readRefund: { REFUND: READ },
    writeRefund: { REFUND: PUT, ACCOUNT: UPDATE },
    putReportedRefund: { REFUND: PUT },
  },
  sessions: {
    putSession: { SESSION: PUT },
    readSession: { SESSION: READ },
    deleteSession: { SESSION: DELETE },
  },
  tickets: {
    putTicket: { TICKET: PUT },
    readTicket: { TICKET: READ },
    moveTicket: { TICKET: UPDATE },
    markCollected: { TICKET: UPDATE },
  },
  'user-tokens': {
    putUserToken: { USERTOKEN: PUT },
    readUserToken: { USERTOKEN: READ },
    dropUserToken: { USERTOKEN: DELETE },
  },
  wallets: {
    isBooked: { WALLET: READ },
    bookEntry: { WALLET: [...PUT, ...UPDATE] },
    readBalance: { WALLET: READ },
  },
};

/** Exported from lib/store, and nothing that reaches the table by itself. */
export const HELPERS = new Set([
  'accounts.allIdsOf',
  'attempt.attempt',
  'attempt.transact',
  'change.readChange',
  'identities.identityName',
  'identities.personOf',
  'keys.ageOf',
  'keys.followUpEntry',
  'keys.ordersOf',
  'keys.ownerOf',
  'keys.paidEntry',
  'keys.paidPartitions',
  'table.getItem',
  'table.openTable',
  'wallets.creditId',
]);
