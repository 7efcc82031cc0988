// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import type { CommandContext } from '../context/command-context.ts'
import { ExitError } from '../exit-status.ts'
import { toJson } from '../format/go-template/functions.ts'
import type { Template } from '../format/go-template/nodes.ts'
import { parseFormat, renderTemplate } from '../format/template.ts'
import { missingField } from './missing-field.ts'

/** Finds one object by the name the user gave. */
export type FindObject = (name: string) => Promise<unknown>

/**
 * Prints what `find` returns for each name: without a format as one indented JSON array, with `json` as one on a
 * line, else the template's output, a line an object. What was found is printed even when a later name fails; the
 * failures follow on standard error, and end with status 1.
 */
export async function inspectObjects(
  context: CommandContext,
  names: readonly string[],
  format: string,
  find: FindObject,
): Promise<void> {
  const template = format === '' || format === 'json' ? undefined : parseFormat(format, { status: 64 })
  const found: unknown[] = []
  const failures: string[] = []
  for (const name of names) {
    try {
      const object = await find(name)
      if (template) found.push(render(template, object))
      else found.push(object)
    } catch (error) {
      context.signal.throwIfAborted()
      failures.push(messageOf(error))
      if (error instanceof ExitError) break
    }
  }
  if (template) for (const line of found) context.print(line as string)
  if (!template) context.print(printJson(found, format))
  if (template && found.length === 0 && failures.length > 0) context.print('')
  if (failures.length > 0) throw new ExitError(1, failures.join('\n'))
}

function render(template: Template, object: unknown): string {
  try {
    return renderTemplate(template, object, missingField)
  } catch (error) {
    throw new ExitError(1, `template parsing error: ${(error as Error).message}`, { cause: error })
  }
}

function printJson(found: readonly unknown[], format: string): string {
  if (format === 'json') return toJson(found)
  return JSON.stringify(found, undefined, 4)
}
