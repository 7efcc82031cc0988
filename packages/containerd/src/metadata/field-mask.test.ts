// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { mergeLabels, mergeMap, onlyLabels } from './field-mask.ts'

const current = { a: '1', 'x.y/z': '2' }

test('no path, and the field itself, replace all labels', () => {
  assert.deepEqual(mergeLabels(current, { b: '3' }, []), { b: '3' })
  assert.deepEqual(mergeLabels(current, { b: '3' }, ['labels']), { b: '3' })
})

test('a path of one label sets it, whatever dots are in its name', () => {
  assert.deepEqual(mergeLabels(current, { 'x.y/z': '9', other: 'not named' }, ['labels.x.y/z']), {
    a: '1',
    'x.y/z': '9',
  })
})

test('an empty or absent value removes the label', () => {
  assert.deepEqual(mergeLabels(current, { a: '' }, ['labels.a', 'labels.x.y/z']), {})
})

test('paths of other fields leave labels alone', () => {
  assert.equal(mergeLabels(current, { b: '3' }, ['target']), current)
  assert.equal(
    mergeMap({}, { b: 1 }, ['target'], 'extensions', (value) => value === undefined),
    undefined,
  )
})

test('a label named like a property of every object is a label', () => {
  const merged = mergeLabels({}, Object.fromEntries([['__proto__', 'x']]), ['labels.__proto__'])
  assert.deepEqual(Object.entries(merged), [['__proto__', 'x']])
  assert.deepEqual(mergeLabels({ toString: 'x' }, {}, ['labels.toString']), {})
})

test('anything but a label is refused where only labels may change', () => {
  onlyLabels(['labels', 'labels.a'], 'content x')
  assert.throws(() => onlyLabels(['labels.a', 'size'], 'content x'), {
    code: 'invalid-argument',
    message: /"size".*content x/,
  })
  assert.throws(() => onlyLabels(['labelsx'], 'content x'), { code: 'invalid-argument' })
})
