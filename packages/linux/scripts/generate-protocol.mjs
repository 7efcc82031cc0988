// SPDX-License-Identifier: Apache-2.0
// Writes native/protocol.h, native/fuzz/touch.generated.h and src/protocol.generated.ts from native/protocol.json. With
// --check it writes nothing and exits 1 when a file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'

const here = new URL('..', import.meta.url)
const protocol = JSON.parse(readFileSync(new URL('native/protocol.json', here), 'utf8'))

const cTypes = {
  u32: 'uint32_t ',
  i32: 'int32_t ',
  u64: 'uint64_t ',
  i64: 'int64_t ',
  str: 'const char *',
  bytes: 'struct record_bytes ',
  strs: 'struct record_strs ',
  u32s: 'struct record_u32s ',
}
const tsTypes = {
  u32: 'number',
  i32: 'number',
  u64: 'bigint',
  i64: 'bigint',
  str: 'string',
  bytes: 'Uint8Array',
  strs: 'readonly string[]',
  u32s: 'readonly number[]',
}

const snake = (name) => name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const screaming = (name) => snake(name).toUpperCase()
const pascal = (name) => name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase())
const camel = (name) => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())

function check() {
  for (const [family, { records }] of Object.entries(protocol.families)) {
    const ids = new Set()
    for (const record of records) {
      if (ids.has(record.id)) throw new Error(`${family}: id ${record.id} is used twice`)
      ids.add(record.id)
      for (const [field, type] of Object.entries(record.fields)) {
        if (!(type in cTypes)) throw new Error(`${family}.${record.name}.${field}: unknown type ${type}`)
      }
    }
  }
}

function headerOfRecord(family, record) {
  const name = `${snake(family)}_${snake(record.name)}`
  const fields = Object.entries(record.fields)
  if (fields.length === 0) {
    return [
      `static inline int ${name}_decode(struct record *record)`,
      '{',
      '\treturn record_end(record);',
      '}',
      '',
      `static inline void ${name}_encode(struct record_writer *writer)`,
      '{',
      `\trecord_begin(writer, ${screaming(family)}_${screaming(record.name)});`,
      '\trecord_finish(writer);',
      '}',
      '',
    ]
  }
  return [
    `struct ${name} {`,
    ...fields.map(([field, type]) => `\t${cTypes[type]}${snake(field)};`),
    '};',
    '',
    `static inline int ${name}_decode(struct record *record, struct ${name} *out)`,
    '{',
    ...fields.map(([field, type]) => `\trecord_get_${type}(record, &out->${snake(field)});`),
    '\treturn record_end(record);',
    '}',
    '',
    `static inline void ${name}_encode(struct record_writer *writer, const struct ${name} *in)`,
    '{',
    `\trecord_begin(writer, ${screaming(family)}_${screaming(record.name)});`,
    ...fields.map(([field, type]) => `\trecord_put_${type}(writer, in->${snake(field)});`),
    '\trecord_finish(writer);',
    '}',
    '',
  ]
}

function header() {
  const lines = [
    '// SPDX-License-Identifier: Apache-2.0',
    '// Generated from protocol.json by scripts/generate-protocol.mjs; do not edit.',
    '#ifndef TEU_PROTOCOL_H',
    '#define TEU_PROTOCOL_H',
    '',
    '#include "init/record.h"',
    '',
    `#define PROTOCOL_VERSION ${protocol.version}u`,
    ...Object.entries(protocol.constants).map(([name, value]) => `#define PROTOCOL_${screaming(name)} ${value}u`),
    '',
  ]
  for (const [family, { about, records }] of Object.entries(protocol.families)) {
    lines.push(`/* ${about} */`, `enum ${snake(family)}_kind {`)
    lines.push(...records.map(({ id, name }) => `\t${screaming(family)}_${screaming(name)} = ${id},`), '};', '')
    for (const record of records) lines.push(...headerOfRecord(family, record))
  }
  lines.push('#endif', '')
  return lines.join('\n')
}

function typescript() {
  const lines = [
    '// SPDX-License-Identifier: Apache-2.0',
    '// Generated from native/protocol.json by scripts/generate-protocol.mjs; do not edit.',
    "import type { RecordLayouts } from './record-codec.ts'",
    '',
    '/** Version of every record format below; `teu-init` refuses a program of another version. @public */',
    `export const protocolVersion = ${protocol.version}`,
    '',
    '/** Numbers that both sides of the protocol agree on. @public */',
    'export const protocolConstants = {',
    ...Object.entries(protocol.constants).map(([name, value]) => `  ${name}: ${value},`),
    '} as const',
    '',
  ]
  for (const [family, { about, records }] of Object.entries(protocol.families)) {
    const type = `${pascal(family)}Record`
    lines.push(`/** ${about} @public */`, `export type ${type} =`)
    for (const { name, fields } of records) {
      const body = Object.entries(fields).map(([field, kind]) => `; ${field}: ${tsTypes[kind]}`)
      lines.push(`  | { kind: '${name}'${body.join('')} }`)
    }
    lines.push('', `/** Numbers and field types of {@link ${type}}, for the record codec. @public */`)
    lines.push(`export const ${camel(family)}Layouts: RecordLayouts<${type}> = {`)
    for (const { id, name, fields } of records) {
      const body = Object.entries(fields).map(([field, kind]) => `['${field}', '${kind}']`)
      lines.push(`  '${name}': { id: ${id}, fields: [${body.join(', ')}] },`)
    }
    lines.push('}', '')
  }
  return lines.join('\n')
}

/** For the fuzzers: decoders that read every byte that a record gave, and a list of each family's kinds. */
function touches() {
  const lines = [
    '// SPDX-License-Identifier: Apache-2.0',
    '// Generated from protocol.json by scripts/generate-protocol.mjs; do not edit.',
    '#ifndef TEU_TOUCH_H',
    '#define TEU_TOUCH_H',
    '',
    '#include "fuzz/touch.h"',
    '#include "protocol.h"',
    '',
  ]
  for (const [family, { records }] of Object.entries(protocol.families)) {
    for (const record of records) lines.push(...touchOfRecord(family, record))
    lines.push(`#define ${screaming(family)}_EACH(X) \\`)
    lines.push(...records.map(({ name }) => `\tX(${snake(name)}) \\`), '')
    lines.push(`static inline int touch_${snake(family)}(struct record *record)`, '{', '\tswitch (record->kind) {')
    for (const { name } of records) {
      lines.push(`\tcase ${screaming(family)}_${screaming(name)}:`)
      lines.push(`\t\treturn touch_${snake(family)}_${snake(name)}(record);`)
    }
    lines.push('\tdefault:', '\t\treturn -1;', '\t}', '}', '')
  }
  lines.push('#endif', '')
  return lines.join('\n')
}

function touchOfRecord(family, record) {
  const name = `${snake(family)}_${snake(record.name)}`
  const fields = Object.entries(record.fields)
  const head = [`static inline int touch_${name}(struct record *record)`, '{']
  if (fields.length === 0) return [...head, `\treturn ${name}_decode(record);`, '}', '']
  return [
    ...head,
    `\tstruct ${name} value;`,
    '',
    `\tif (${name}_decode(record, &value) < 0)`,
    '\t\treturn -1;',
    ...fields.map(([field, type]) => `\ttouch_${type}(value.${snake(field)});`),
    '\treturn 0;',
    '}',
    '',
  ]
}

check()
const outputs = [
  ['native/protocol.h', header()],
  ['native/fuzz/touch.generated.h', touches()],
  ['src/protocol.generated.ts', typescript()],
]
for (const [path, text] of outputs) {
  const url = new URL(path, here)
  if (!process.argv.includes('--check')) {
    writeFileSync(url, text)
  } else if (readFileSync(url, 'utf8') !== text) {
    process.stderr.write(`${path} is out of date: run node packages/linux/scripts/generate-protocol.mjs\n`)
    process.exitCode = 1
  }
}
