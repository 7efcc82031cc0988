// SPDX-License-Identifier: Apache-2.0
import { ExitError } from '../exit-status.ts'
import { type EvaluateOptions, executeTemplate } from './go-template/evaluate.ts'
import { functionNames, headerFunctions, templateFunctions } from './go-template/functions.ts'
import type { Template } from './go-template/nodes.ts'
import { parseTemplate } from './go-template/parser.ts'

/** Parses a `--format` template. Throws `template parsing error: …`, with `status` as the exit status. */
export function parseFormat(text: string, { name = '', status = 1 } = {}): Template {
  try {
    return parseTemplate(name, text, functionNames)
  } catch (error) {
    throw new ExitError(status, `template parsing error: ${(error as Error).message}`, { cause: error })
  }
}

/** Runs a template with docker's functions; given `missing`, a key that it does not know either is an error. */
export function renderTemplate(template: Template, data: unknown, missing?: EvaluateOptions['missing']): string {
  return executeTemplate(template, data, { functions: templateFunctions, missing, strict: missing !== undefined })
}

/** Runs a template on the titles of its columns; `.Label "a.b-c"` is headed `b c`, other fields by nothing. */
export function renderHeader(template: Template, titles: Readonly<Record<string, string>>): string {
  const data = { ...titles, Label: (name: string) => name.split('.').at(-1)?.replace(/[-_]/g, ' ') }
  return executeTemplate(template, data, { functions: headerFunctions })
}

/** What a user typed as `--format`, with `\\t` and `\\n` made real. */
export function unescapeFormat(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n')
}
