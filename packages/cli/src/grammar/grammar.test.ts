// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { bytes, integer, list, map, text, toggle } from '../flags/kinds.ts'
import { countRefusal } from './command.ts'
import { parseBool, parseInteger, parseUnsigned, quote } from './go-number.ts'
import { parseFlags } from './parse-flags.ts'

const table = {
  all: toggle('', { char: 'a' }),
  env: list('', { char: 'e' }),
  interactive: toggle('', { char: 'i' }),
  label: map('', { char: 'l' }),
  memory: bytes('', { char: 'm' }),
  name: text(''),
  net: list('', { sameAs: 'network', deprecated: 'use --network instead' }),
  network: list(''),
  proxy: toggle('', { initial: true }),
  tty: toggle('', { char: 't' }),
  weight: integer('', { char: 'w', initial: -1 }),
}

function parse(argv: readonly string[], stopAtFirstArgument = false) {
  const { values, args, given, help, notices } = parseFlags(table, argv, { stopAtFirstArgument })
  return { values, args, given: [...given], help, notices }
}

test('every spelling of a flag', () => {
  assert.equal(parse(['--name', 'x']).values.name, 'x')
  assert.equal(parse(['--name=x=y']).values.name, 'x=y')
  assert.equal(parse(['--name=']).values.name, '')
  assert.deepEqual(parse(['-e', 'a', '-eb', '-e=c', '--env', '-d']).values.env, ['a', 'b', 'c', '-d'])
  assert.equal(parse(['--proxy=false']).values.proxy, false)
  assert.equal(parse(['-t=false', '-a']).values.tty, false)
  assert.equal(parse(['-w', '-3']).values.weight, -3)
  assert.deepEqual({ ...parse(['-l', 'a=1', '-l', 'b', '-l', 'a=2']).values.label }, { a: '2', b: '' })
})

test('letters stand together, the last may take a value', () => {
  const { values } = parse(['-itm64m', '-aw5'])
  assert.deepEqual(
    [values.interactive, values.tty, values.memory, values.all, values.weight],
    [true, true, 67108864, true, 5],
  )
})

test('flags end at --, and for a program to run at its name', () => {
  assert.deepEqual(parse(['x', '-a', 'y']).args, ['x', 'y'])
  assert.deepEqual(parse(['-a', '--', '-t', 'x']).args, ['-t', 'x'])
  assert.deepEqual(parse(['-a', 'image', '-t', '--', 'x'], true).args, ['image', '-t', '--', 'x'])
  assert.deepEqual(parse(['-'], true).args, ['-'])
})

test('another spelling sets the same flag and says so', () => {
  const { values, given, notices } = parse(['--net', 'a', '--network', 'b'])
  assert.deepEqual(values.network, ['a', 'b'])
  assert.deepEqual(given, ['network'])
  assert.deepEqual(notices, ['Flag --net has been deprecated, use --network instead'])
})

test('help stops parsing', () => {
  assert.equal(parse(['-a', '--help', '--nope']).help, true)
  assert.deepEqual(parse(['-h']).notices, ['Flag shorthand -h has been deprecated, use --help'])
})

test('refusals', () => {
  for (const [argv, message] of [
    [['--nope'], 'unknown flag: --nope'],
    [['--toString'], 'unknown flag: --toString'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-az'], "unknown shorthand flag: 'z' in -z"],
    [['--name'], 'flag needs an argument: --name'],
    [['-ae'], "flag needs an argument: 'e' in -e"],
    [['--=x'], 'bad flag syntax: --=x'],
    [['---x'], 'bad flag syntax: ---x'],
    [['-m', 'x'], 'invalid argument "x" for "-m, --memory" flag: invalid size: \'x\''],
    [['--all=x'], 'invalid argument "x" for "-a, --all" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [['--proxy=2'], 'invalid argument "2" for "--proxy" flag: strconv.ParseBool: parsing "2": invalid syntax'],
    [['-w', '1.5'], 'invalid argument "1.5" for "-w, --weight" flag: strconv.ParseInt: parsing "1.5": invalid syntax'],
  ] as [string[], string][]) {
    assert.throws(() => parse(argv), { message })
  }
})

test('integers as Go reads them', () => {
  assert.deepEqual(
    ['10', '0x1F', '0b11', '0o17', '017', '1_000', '-5', '+5'].map((word) => parseInteger(word)),
    [10n, 31n, 3n, 15n, 15n, 1000n, -5n, 5n],
  )
  for (const word of ['', 'a', '1__0', '08', '0x', '1.0', ' 1'])
    assert.throws(() => parseInteger(word), /invalid syntax/)
  assert.throws(() => parseInteger('9223372036854775808'), /value out of range/)
  assert.throws(() => parseUnsigned('-1'), /invalid syntax/)
  assert.throws(() => parseUnsigned('65536', 16), /value out of range/)
  assert.equal(parseBool('T'), true)
})

test('quoting spells out what cannot be printed', () => {
  assert.equal(quote('a"b\\c\n\u001b\u007f…é'), '"a\\"b\\\\c\\n\\x1b\\x7f…é"')
})

test('wrong counts of arguments', () => {
  assert.equal(countRefusal('x rm', { min: 1 }, 0), "'x rm' requires at least 1 argument")
  assert.equal(countRefusal('x rename', { min: 2, max: 2 }, 1), "'x rename' requires 2 arguments")
  assert.equal(countRefusal('x ps', { min: 0, max: 0 }, 1), "'x ps' accepts no arguments")
  assert.equal(countRefusal('x images', { min: 0, max: 1 }, 2), "'x images' requires at most 1 argument")
  assert.equal(countRefusal('x port', { min: 1, max: 2 }, 3), "'x port' requires at least 1 and at most 2 arguments")
  assert.equal(countRefusal('x rm', { min: 1 }, 5), undefined)
})
