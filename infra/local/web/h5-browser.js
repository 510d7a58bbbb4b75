// WeChat's browser on the phone: a frame with the cookies of this browser. This file plays one part of WeChat: it asks the
// user for consent when a site redirects to the authorization address.
import { addressOf, phone } from './calls.js';
import { chinese, el, row, show, waiting } from './dom.js';

const title = 'Browser';
const authorization = '/connect/oauth2/authorize';

export async function openH5(hand) {
  const { person } = hand;
  const redirect = `${location.origin}/_web/h5.html`;
  const src = addressOf(`/oauth/authorize?${new URLSearchParams({ redirect, scope: 'snsapi_userinfo' })}`);
  const over = el('div.over', {}, waiting('Loading…'));
  const frame = el('iframe', { src, title: 'H5 page', onload: arrived });

  function arrived() {
    const asked = askedAt(frame);
    show(over, ...(asked ? consent(asked) : []));
    over.hidden = !asked;
    if (asked) hand.say('asked', `WeChat asks ${person.name} for consent`);
  }

  function consent(url) {
    const decide = async (agree) => {
      const { location: next } = await phone('POST', `/_phone/users/${person.id}/open`, { url, agree });
      hand.say(agree ? 'agreed' : 'declined', `is the choice of ${person.name}`);
      if (!next) return hand.show(title, el('p', {}, 'You declined. The site receives nothing.'));
      show(over, waiting('Loading…'));
      frame.contentWindow?.location.replace(next);
    };
    return [
      el('h3', {}, 'Share your name and picture with this site? ', chinese('申请获取你的昵称、头像')),
      row(
        hand.button('Allow', () => decide(true)),
        hand.button('Decline', () => decide(false), { kind: 'quiet' }),
      ),
    ];
  }

  hand.show(title, el('div.site', {}, frame, over));
  hand.say('opened', 'GET /oauth/authorize sends the phone to WeChat');
}

/** Returns the authorization address if the frame shows it. */
function askedAt(frame) {
  try {
    const { href, pathname } = frame.contentWindow.location;
    return pathname === authorization ? href : undefined;
  } catch {
    // A page of another origin stays visible for the user. The failure page of the API permits no frame around it.
    return undefined;
  }
}
