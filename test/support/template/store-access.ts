// The access of each exported function of lib/store to the table, by file and function. A function lists the DynamoDB
// actions that it needs on each kind of item. A kind is the beginning of the partition key (lib/store/keys.ts). The
// orders of an account are the kind ORDERS.
//
// A transaction needs the actions of its writes and checks. The condition of a write needs no action. A function that
// calls other functions of the list needs no entry for their access.

type Actions = Partial<Record<string, string[]>>;

const READ = ['GetItem'];
const PUT = ['PutItem'];
const UPDATE = ['UpdateItem'];
const DELETE = ['DeleteItem'];
const QUERY = ['Query'];
const BATCH = ['BatchGetItem'];
const CONDITION = ['ConditionCheckItem'];

/** For functions that access no item directly. */
const NONE: Actions = {};

/** A permission for an index always covers the whole index. */
export const INDEXES = ['index/follow-ups', 'index/paid-on-day'] as const;
const [FOLLOW_UPS, PAID_ON_DAY] = INDEXES;

export const STORE_ACCESS: Record<string, Record<string, Actions>> = {
  'account-links': {
    createAccount: { ACCOUNT: PUT, IDENTITY: UPDATE },
    attachIdentity: { IDENTITY: UPDATE, ACCOUNT: UPDATE },
    attachUnion: { UNION: UPDATE, IDENTITY: UPDATE, ACCOUNT: [...UPDATE, ...PUT] },
    linkPhone: { PHONE: [...UPDATE, ...DELETE], ACCOUNT: UPDATE },
    movePhone: { PHONE: [...UPDATE, ...DELETE], ACCOUNT: UPDATE, WALLET: CONDITION },
    unlinkPhone: { PHONE: DELETE, ACCOUNT: UPDATE },
    mergeAccounts: { ACCOUNT: [...UPDATE, ...PUT], IDENTITY: UPDATE, UNION: UPDATE },
    closeAndUnlinkAccount: { ACCOUNT: UPDATE, IDENTITY: DELETE, UNION: DELETE, PHONE: DELETE },
  },
  accounts: {
    readAccount: NONE,
    readStoredAccount: { ACCOUNT: READ },
    recordActivity: { ACCOUNT: UPDATE },
    setSessionsNotBefore: { ACCOUNT: UPDATE },
    setProfile: { ACCOUNT: UPDATE },
    setWechatProfile: { ACCOUNT: UPDATE },
    clearWechatProfile: { ACCOUNT: UPDATE },
    clearProfile: { ACCOUNT: UPDATE },
    readMerges: { ACCOUNT: QUERY },
    anonymiseMerges: { ACCOUNT: UPDATE },
    allIdsOf: NONE,
    isFromWechat: NONE,
    removeTypedValue: { ACCOUNT: UPDATE },
  },
  avatars: {
    setAvatar: { ACCOUNT: UPDATE, UPLOADS: UPDATE },
    showPendingAvatar: { ACCOUNT: UPDATE },
    dropPendingAvatar: { ACCOUNT: UPDATE },
  },
  attempt: {
    attempt: NONE,
    putOnce: NONE,
    transact: NONE,
  },
  'app-facts': {
    readAppFact: { FACT: READ },
    putAppFact: { FACT: PUT },
  },
  bills: {
    readReconciled: { BILL: READ },
    putReconciled: { BILL: PUT },
    recordDifference: { BILL: PUT },
  },
  certificates: {
    certificateStore: { PAYKEYS: [...READ, ...PUT, ...UPDATE] },
  },
  change: {
    readChange: NONE,
  },
  claims: {
    claim: { CLAIM: PUT },
    readClaim: { CLAIM: READ },
  },
  complaints: {
    readComplaint: { COMPLAINT: READ },
    writeComplaint: { COMPLAINT: PUT },
  },
  'content-checks': {
    putCheck: { CHECK: PUT },
    readCheck: { CHECK: READ },
    setCheckTrace: { CHECK: UPDATE },
    retryFailedCheck: { CHECK: UPDATE },
    decideCheck: { CHECK: UPDATE },
    completeCheck: { CHECK: UPDATE },
    deleteCheck: { CHECK: DELETE },
    joinTrace: { TRACE: UPDATE },
    readTrace: { TRACE: READ },
  },
  'follow-ups': {
    dueFollowUpPages: { [FOLLOW_UPS]: QUERY },
    claimCheck: { CHECK: UPDATE },
    claimComplaint: { COMPLAINT: UPDATE },
    claimShipment: { SHIPMENTS: UPDATE },
    claimFollowUp: { ORDERS: UPDATE, REFUND: UPDATE },
    scheduleFollowUp: { ORDERS: UPDATE, REFUND: UPDATE },
    cancelFollowUp: { ORDERS: UPDATE, REFUND: UPDATE },
    cancelOrderFollowUp: { ORDERS: UPDATE },
  },
  identities: {
    readIdentity: { IDENTITY: READ },
    readUnion: { UNION: READ },
    reserveUnion: { UNION: UPDATE },
    readPhoneHolder: { PHONE: READ },
    setSubscribed: { IDENTITY: UPDATE },
    putUnionId: { IDENTITY: UPDATE },
    requestIdentitySync: { IDENTITY: UPDATE },
    requestUnionLookup: { IDENTITY: UPDATE },
    putUnionAbsence: { IDENTITY: UPDATE },
    completeRequest: { IDENTITY: UPDATE },
    deleteIdentity: { IDENTITY: DELETE },
    isUnionLookupDue: NONE,
    isUnionAbsent: NONE,
    identityName: NONE,
    openIdOf: NONE,
    personOf: NONE,
  },
  keys: {
    ageOf: NONE,
    followUpEntry: NONE,
    followUpPartitions: NONE,
    ordersOf: NONE,
    ordersSince: NONE,
    orderTime: NONE,
    ownerOf: NONE,
    paidEntry: NONE,
    paidPartitions: NONE,
  },
  ledger: {
    readLedger: { ORDERS: BATCH, REFUND: BATCH, ACCOUNT: BATCH },
    listPaidOn: { [PAID_ON_DAY]: QUERY },
  },
  'link-writes': {
    newIdentity: NONE,
    onRevision: NONE,
    pointTo: NONE,
    writeTogether: NONE,
  },
  messages: {
    putMessage: { MESSAGE: PUT },
    claimReply: { MESSAGE: UPDATE },
    releaseReply: { MESSAGE: UPDATE },
  },
  'newest-scans': {
    putNewestScan: { SCAN: PUT },
    readNewestScan: { SCAN: READ },
  },
  'order-lists': {
    readOrderPage: { ORDERS: QUERY },
    orderPages: NONE,
    readOpenOrders: { ORDERS: QUERY },
    findUnsettledOrder: NONE,
  },
  'order-states': {
    isOpen: NONE,
    isPaid: NONE,
    mayBeShipped: NONE,
    isUnsettled: NONE,
  },
  orders: {
    putOrder: { ORDERS: PUT },
    putTopUp: { ORDERS: PUT, ACCOUNT: UPDATE },
    readOrder: { ORDERS: READ },
    erasePayer: { ORDERS: UPDATE },
    markAccepted: { ORDERS: UPDATE },
    markPaid: { ORDERS: UPDATE },
    markClosed: { ORDERS: UPDATE },
    claimQuery: { ORDERS: UPDATE },
    claimCreation: { ORDERS: UPDATE },
    releaseCreation: { ORDERS: UPDATE },
  },
  'pay-notices': {
    recordMismatch: { MISMATCH: PUT },
    listMismatches: { MISMATCH: QUERY },
    recordNotice: { NOTICE: PUT },
    recordPayLimit: { PAYLIMIT: PUT },
  },
  'phone-codes': {
    claimPhoneCode: { PHONECODE: PUT },
    putPhoneOfCode: { PHONECODE: UPDATE },
    releasePhoneCode: { PHONECODE: DELETE },
    settlePhoneCode: { PHONECODE: UPDATE },
  },
  'platform-tokens': {
    platformTokens: { TOKEN: [...READ, ...UPDATE] },
  },
  prices: {
    readPrice: { CATALOG: READ },
    readPrices: { CATALOG: QUERY },
    putPrice: { CATALOG: UPDATE },
    putPublication: { CATALOG: UPDATE },
    deliveryOf: NONE,
    isVirtualGood: NONE,
    stepOf: NONE,
  },
  rates: {
    addToRate: { RATE: UPDATE },
  },
  refunds: {
    readRefund: { REFUND: READ },
    writeRefund: { REFUND: PUT, ORDERS: UPDATE },
    putReportedRefund: { REFUND: PUT },
  },
  revocations: {
    putRevocation: { REVOCATION: PUT },
    readRevocation: { REVOCATION: READ },
    markApplied: { REVOCATION: UPDATE },
  },
  'scene-scans': {
    putSceneScan: { SCENE: PUT },
  },
  shipments: {
    readShipment: { SHIPMENTS: READ },
    readShipments: { SHIPMENTS: QUERY },
    writeShipment: { SHIPMENTS: PUT },
    deleteShipment: { SHIPMENTS: DELETE },
  },
  sessions: {
    putSession: { SESSION: PUT },
    readSession: { SESSION: READ },
    readOpenedSession: { SESSION: READ },
    revokeSession: { SESSION: PUT },
  },
  table: {
    getItem: NONE,
    queryAll: NONE,
    readAllPages: NONE,
    openTable: NONE,
  },
  tickets: {
    putTicket: { TICKET: PUT },
    readTicket: { TICKET: READ },
    moveTicket: { TICKET: UPDATE },
    markCollected: { TICKET: UPDATE },
  },
  uploads: {
    putUpload: { UPLOADS: PUT },
    readUpload: { UPLOADS: READ },
    readUploads: { UPLOADS: QUERY },
    readAllUploads: NONE,
    setUploadState: { UPLOADS: UPDATE },
    keepUpload: { UPLOADS: UPDATE },
    endUpload: { UPLOADS: UPDATE },
    deleteUpload: { UPLOADS: DELETE },
  },
  'user-tokens': {
    putUserToken: { USERTOKEN: PUT },
    readUserToken: { USERTOKEN: READ },
    dropUserToken: { USERTOKEN: DELETE },
  },
  'versioned-items': {
    putVersioned: NONE,
  },
  wallets: {
    isBooked: { WALLET: READ },
    bookEntry: { WALLET: [...PUT, ...UPDATE] },
    readBalance: { WALLET: READ },
    readEntryPage: { WALLET: QUERY },
    creditId: NONE,
  },
};
