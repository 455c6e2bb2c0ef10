// Run an exported model.onnx by onnxruntime-web, which browsers run, under Node.
//
//   npm install onnxruntime-web
//   node tools/onnx_in_node.cjs EXPORT/model.onnx PIXELS.f32 IMAGES IMAGE_SIZE
//
// PIXELS.f32 has the float32 values of (images, image_size, image_size, 3) RGB of 0..255, in the
// order of bytes of this machine. It prints the probabilities as JSON, one array per image. Where
// the package is not beside the script, NODE_PATH names its node_modules.

const fs = require("node:fs");
const ort = require("onnxruntime-web");

async function main([model, pixels, images, size]) {
  const file = fs.readFileSync(pixels);
  const values = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4);
  const session = await ort.InferenceSession.create(fs.readFileSync(model));
  const shape = [Number(images), Number(size), Number(size), 3];
  const answers = await session.run({
    [session.inputNames[0]]: new ort.Tensor("float32", values, shape),
  });
  const output = answers[session.outputNames[0]];
  const classes = output.dims[1];
  const rows = Array.from({ length: shape[0] }, (_, row) =>
    Array.from(output.data.slice(row * classes, (row + 1) * classes)),
  );
  console.log(JSON.stringify({ version: ort.env.versions.web, probabilities: rows }));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(String(error));
  process.exitCode = 1;
});
