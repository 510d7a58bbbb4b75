// The picture of the account. WeChat checks a new picture; until then the app shows the former one.
import { phone } from './calls.js';
import { chinese, el, stack } from './dom.js';
import { callAs } from './session.js';

const everyMs = 2000;
const tries = 30;

/** The smallest GIF. The simulator judges the text behind it. */
const gif = atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7');

const hints = {
  checking: ['WeChat checks the new picture ', '新头像审核中'],
  refused: ['WeChat refused the new picture ', '新头像未通过审核'],
};

/** Describes a new picture that is not visible. */
export function avatarHint({ newPicture }) {
  if (!newPicture) return undefined;
  const [text, inChinese] = hints[newPicture.state];
  return el('p.hint', { role: 'status' }, text, chinese(inChinese));
}

/** Offers pictures. `back` shows the account. */
export function askPicture(hand, title, back) {
  const take = async (choice) => {
    await usePicture(hand.person, await choice());
    back();
    hand.say('uploaded', `${hand.person.name} chose a picture with wx.uploadFile`);
  };
  hand.show(
    title,
    el('h3', {}, 'Choose a picture ', chinese('选择头像')),
    stack(
      hand.button('A harmless picture', () => take(() => 'jpeg')),
      hand.button('A risky picture', () => take(riskyPicture), { kind: 'quiet' }),
    ),
    el('p', {}, 'The app shows the picture when WeChat has checked it.'),
  );
}

/** Returns a picture, in base64, with a word that the simulator judges risky. */
async function riskyPicture() {
  const { risky } = await phone('GET', '/_content-check');
  return btoa(gif + String.fromCharCode(...new TextEncoder().encode(risky[0])));
}

/** Uploads a picture of the phone and makes it the avatar. */
async function usePicture(person, picture) {
  const { avatarUrl } = await phone('POST', `/_phone/users/${person.id}/choose-avatar`, { picture });
  const { uploadId, url } = await callAs(person, (api) => api.createUpload({ filePath: avatarUrl }));
  person.newPicture = { uploadId, url, state: 'checking' };
  await update(person);
}

/**
 * Repeats the choice of the new picture. The answer has the avatar that is visible now; a refused picture is
 * CONTENT_REFUSED.
 */
async function update(person) {
  const picture = person.newPicture;
  try {
    const { user } = await callAs(person, (api) => api.updateProfile({ avatarUploadId: picture.uploadId }));
    person.session.user = user;
    // The user may have chosen another picture since.
    if (user.avatarUrl === picture.url && person.newPicture === picture) person.newPicture = undefined;
  } catch (error) {
    if (error.code !== 'CONTENT_REFUSED') throw error;
    picture.state = 'refused';
  }
}

/** Waits for the verdict while the phone shows `node`. `back` shows the account with the outcome. */
export async function followCheck({ person }, node, back) {
  const isShown = () => person.screen.nodes.includes(node);
  const isChecking = () => person.newPicture?.state === 'checking';
  if (!isChecking()) return;
  for (let left = tries; left > 0 && isChecking() && isShown(); left -= 1) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    // The next click reports an API that does not answer.
    if (isChecking() && isShown()) await update(person).catch(() => undefined);
  }
  if (isShown() && !isChecking()) back();
}
