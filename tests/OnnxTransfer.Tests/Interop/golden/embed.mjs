// Runs what golden.py prepared: every job's model on every image, one at a time; writes each output as raw float32.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const scratch = process.argv[2];
for (const job of JSON.parse(readFileSync(join(scratch, 'jobs.json')))) {
  const session = await ort.InferenceSession.create(job.model, { executionProviders: ['cpu'] });
  for (const input of job.inputs) {
    const bytes = readFileSync(join(scratch, input));
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const results = await session.run({ [job.tensor]: new ort.Tensor('float32', values, [1, 3, job.height, job.width]) }, job.outputs);
    job.outputs.forEach((name, i) => {
      const { data } = results[name];
      writeFileSync(join(scratch, `${input}.${i}`), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    });
  }
}
