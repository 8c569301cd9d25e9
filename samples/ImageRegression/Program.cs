// ImageRegression MANIFEST.csv MODEL.onnx: predicts a number, such as a price, from images. The manifest has the columns path
// and target; the result is one ONNX file from pixels to the number.
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Prediction;

if (args is not [var manifest, var output])
{
    Console.Error.WriteLine("usage: ImageRegression MANIFEST.csv MODEL.onnx");
    return 2;
}

var (train, test) = Manifest.Open(manifest, new ManifestColumns()).Split(testFraction: 0.2, seed: 1);
using var backbone = Backbone.Load("resnet14-cifar10", ExecutionProvider.Auto);
using var cache = EmbeddingCache.Open(Path.ChangeExtension(output, ".cache"));
var trainSet = backbone.Embed(train, cache);

var (head, report) = new RidgeRegression { LogTarget = true }.FitAndReport(trainSet);       // the L2 is chosen on held-out rows
Console.WriteLine(report);
Console.WriteLine(CrossValidation.Run(new RidgeRegression { LogTarget = true }, trainSet, folds: 5, repeats: 3));
Console.WriteLine(head.Evaluate(backbone.Embed(test, cache)));

FusedModel.Save(output, backbone, head);
using var model = ImageModel.Load(output);
var image = test.Items[0];
Console.WriteLine($"{image.Name}: predicted {model.Predict(image).Value:0.##}, target {image.Target:0.##}");
return 0;
