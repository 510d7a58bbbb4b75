import type { Body } from '../control-body.ts';
import type { Person } from '../people.ts';
import type { World } from '../world.ts';

/** The actions of a phone, by the name in `POST /_phone/users/{id}/{action}`. */
export type Actions = Record<string, (world: World, person: Person, body: Body) => object | Promise<object>>;
