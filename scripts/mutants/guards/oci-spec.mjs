// SPDX-License-Identifier: Apache-2.0
const file = 'packages/oci-spec/src/image/bounded-json.ts'
const tests = ['packages/oci-spec/src/image/bounded-json.test.ts']

export default [
  {
    title: 'JSON of a stranger is only so deep',
    file,
    guard: 'if (++level > depth)',
    instead: 'if (++level < 0)',
    tests,
    because: 'two million brackets stall a daemon for half a second each time',
  },
  {
    title: 'JSON of a stranger has only so many values',
    file,
    guard: 'if (seen > values)',
    instead: 'if (seen < 0)',
    tests,
    because: 'a manifest of 27,000 layers stalls a daemon for a second each time',
  },
  {
    title: 'brackets in strings do not count',
    file,
    guard: 'at = endOfString(body, at)',
    instead: '',
    tests,
    because: 'images whose history has brackets in it would be refused',
  },
  {
    title: 'a manifest has only so many layers',
    file: 'packages/oci-spec/src/image/validate.ts',
    guard: 'list(item, 0, maximumDescriptors)',
    instead: 'list(item)',
    tests,
    because: 'each of them is looked up by the server that takes the manifest',
  },
]
