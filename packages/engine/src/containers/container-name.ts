// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto'
import { StackError } from '@teu/errors'

const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]'
const pattern = new RegExp(`^/?${allowed}+$`)

/** A requested name without its slash; `invalid-argument` with the original's text for a bad one. */
export function checkName(name: string): string {
  if (!pattern.test(name)) {
    throw new StackError('invalid-argument', `Invalid container name (${name}), only ${allowed} are allowed`)
  }
  return name.replace(/^\//, '')
}

const qualities = (
  'able amber ample azure bold brave breezy bright brisk calm candid clever coastal crisp deep eager early fair ' +
  'gentle glad golden hardy honest humble jolly keen kind light lively lucky merry mild noble patient plucky polite ' +
  'proud quick quiet rapid ready salty sharp silent smooth snug stable steady still sturdy sunny swift tidal trim ' +
  'trusty upbeat vivid warm wise witty'
).split(' ')

const harbours = (
  'anchor bay beacon boom bosun bow breeze bridge buoy cabin canal cape capstan cargo channel chart clipper compass ' +
  'coral cove crane current cutter deck delta derrick dock eddy ferry fjord galley gangway harbor hatch hawser helm ' +
  'hold hull inlet island jetty keel lagoon lantern lighthouse mast mooring oar pier pilot port quay reef rigging ' +
  'rudder sail schooner sextant shore skiff sloop sound spar stern strait surf swell tide trawler tug vessel voyage ' +
  'wharf winch yawl'
).split(' ')

/** A name for a container that was given none. `taken` is asked until a free one is found. */
export function inventName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const words = `${qualities[randomInt(qualities.length)]}_${harbours[randomInt(harbours.length)]}`
    const name = attempt < 5 ? words : `${words}${randomInt(10 ** Math.min(attempt - 3, 9))}`
    if (!taken(name)) return name
  }
}
