import { createRequire } from 'node:module';
import type lora from 'lora-packet';

/** Another's reading and writing of LoRaWAN frames: CommonJS that exports what its types call `default`. */
export const { fromFields } = createRequire(import.meta.url)('lora-packet') as (typeof lora)['default'];
