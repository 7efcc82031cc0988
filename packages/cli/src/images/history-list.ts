// SPDX-License-Identifier: Apache-2.0
import type { ImageHistoryItem } from '@teu/engine-api'
import { formatSize } from '../format/bytes.ts'
import { formatRfc3339, humanDuration } from '../format/duration.ts'
import type { ListShape } from '../format/list-format.ts'
import { ellipsis, shortId } from '../format/text.ts'

/** What an image's history shows; `human` prints ages and rounded sizes. */
export function historyShape({ truncate = true, human = true, now = Date.now() } = {}): ListShape<ImageHistoryItem> {
  const created = human ? '{{.CreatedSince}}' : '{{.CreatedAt}}'
  return {
    typeName: '*formatter.historyContext',
    defaultTable: `{{.ID}}\t${created}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`,
    titles: {
      ID: 'IMAGE',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    },
    row: (item) => ({
      Comment: () => item.Comment,
      CreatedAt: () => formatRfc3339(item.Created),
      CreatedBy: () => {
        const line = item.CreatedBy.replaceAll('\t', ' ')
        return truncate ? ellipsis(line, 45) : line
      },
      CreatedSince: () => (human ? `${humanDuration(now - item.Created * 1000)} ago` : formatRfc3339(item.Created)),
      ID: () => (truncate ? shortId(item.Id) : item.Id),
      Size: () => (human ? formatSize(item.Size, 3) : String(item.Size)),
    }),
  }
}
