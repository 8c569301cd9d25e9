using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Prediction;

namespace OnnxTransfer.Docs.Tests;

/// <summary>The README's C#, run for real: what stands between the two marks is what stands there.</summary>
internal static class TenLines
{
    public static void Run()
    {
        // README begins
        var (train, test) = ImageFolder.Open("flowers").Split(testFraction: 0.2, seed: 42);         // stratified, reproducible
        using var backbone = Backbone.Load("resnet14-cifar10", ExecutionProvider.Cpu);              // frozen; no silent fall-back
        using var cache = EmbeddingCache.Open("cache");                                             // content-addressed, resumable
        var trainSet = backbone.Embed(train, cache);                                                // runs only what is not cached
        var testSet = backbone.Embed(test, cache);
        var head = new LogisticRegression { L2 = 1e-3f }.Fit(trainSet);                             // a linear probe
        Console.WriteLine(head.Evaluate(testSet));                                                  // accuracy, macro F1, ...
        FusedModel.Save("flowers.onnx", backbone, head);                                            // pixels -> probabilities, one file
        using var model = ImageModel.Load("flowers.onnx");                                          // carries preprocessing and class names
        Console.WriteLine(model.Predict("rose.jpg")[0]);
        // README ends
    }
}
