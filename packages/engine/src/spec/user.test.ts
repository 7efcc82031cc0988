// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { lookUpUser } from './user.ts'

const passwd = `root:x:0:0:root:/root:/bin/sh
# a comment
al:x:1000:1001:Al:/home/al:/bin/sh
nohome:x:7:8:::
broken:x:zero:0::/:/bin/sh
huge:x:99999999999:0::/:/bin/sh
short
2147483648:x:0:0::/root:/bin/sh
4294967296:x:0:0::/root:/bin/sh
-1:x:0:0::/root:/bin/sh
+0:x:0:0::/root:/bin/sh
0x0:x:0:0::/root:/bin/sh
1001:x:0:0::/root:/bin/sh
`
const group = `root:x:0:
wheel:x:10:root,al
al:x:1001:
extra:x:20:al,root
many:x:99999999999:al
99:x:0:
`

const users: [string, string[], object][] = [
  ['', [], { uid: 0, gid: 0, additionalGids: [0, 10, 20], home: '/root' }],
  ['root', [], { uid: 0, gid: 0, additionalGids: [0, 10, 20], home: '/root' }],
  ['al', [], { uid: 1000, gid: 1001, additionalGids: [1001, 10, 20], home: '/home/al' }],
  ['1000', [], { uid: 1000, gid: 1001, additionalGids: [1001, 10, 20], home: '/home/al' }],
  ['al:wheel', [], { uid: 1000, gid: 10, additionalGids: [10], home: '/home/al' }],
  ['1000:1000', [], { uid: 1000, gid: 1000, additionalGids: [1000], home: '/home/al' }],
  [':wheel', [], { uid: 0, gid: 10, additionalGids: [10], home: '/root' }],
  ['nohome', [], { uid: 7, gid: 8, additionalGids: [8], home: '/' }],
  ['12345', [], { uid: 12345, gid: 0, additionalGids: [0], home: '/' }],
  ['12345:6', ['wheel', '20', '6'], { uid: 12345, gid: 6, additionalGids: [6, 10, 20], home: '/' }],
  ['2147483647', [], { uid: 2147483647, gid: 0, additionalGids: [0], home: '/' }],
  // Digits are a number even where a line has that name, with id 0.
  ['1001', [], { uid: 1001, gid: 0, additionalGids: [0], home: '/' }],
  ['5:99', [], { uid: 5, gid: 99, additionalGids: [99], home: '/' }],
]

for (const [text, added, expected] of users) {
  test(`user ${JSON.stringify(text)} with groups [${added}]`, () => {
    assert.deepEqual(lookUpUser({ passwd, group }, text, added), expected)
  })
}

const refused: [string, string[], RegExp][] = [
  ['2147483648', [], /uids and gids must be in range 0-2147483647/],
  ['4294967296', [], /must be in range/],
  ['4294967295', [], /must be in range/],
  ['18446744073709551616', [], /must be in range/],
  ['1000:99999999999', [], /must be in range/],
  ['-1', [], /unable to find user -1/],
  ['+0', [], /unable to find user \+0/],
  ['0x0', [], /unable to find user 0x0/],
  [' 0', [], /unable to find user {2}0/],
  ['ghost', [], /unable to find user ghost: no matching entries in passwd file/],
  ['broken', [], /unable to find user broken/],
  ['huge', [], /unable to find user huge/],
  ['al:ghosts', [], /unable to find group ghosts: no matching entries in group file/],
  ['al', ['ghosts'], /unable to find group ghosts/],
  ['al', ['99999999999'], /must be in range/],
]

for (const [text, added, message] of refused) {
  test(`user ${JSON.stringify(text)} with groups [${added}] is refused`, () => {
    assert.throws(() => lookUpUser({ passwd, group }, text, added), { code: 'invalid-argument', message })
  })
}
