// OfflineEmbedding FOLDER OUT.npy: embeds a folder of images, however large, and writes the embeddings for NumPy.
// Interrupted or killed, the next run goes on from there; run again, it embeds only what is new.
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;

if (args is not [var folder, var output])
{
    Console.Error.WriteLine("usage: OfflineEmbedding FOLDER OUT.npy");
    return 2;
}

var images = ImageFolder.Open(folder);
using var backbone = Backbone.Load("resnet14-cifar10", ExecutionProvider.Auto);
using var cache = EmbeddingCache.Open(Path.ChangeExtension(output, ".cache"));

var settings = new EmbedSettings
{
    MaxFailures = images.ImageCount / 100,
    Progress = new Progress<EmbedProgress>(now => Console.Error.Write($"\r{now.Embedded} embedded, {now.FromCache} from the cache of {now.Images}")),
};
var run = Embedder.Run(backbone, images, cache, settings);
var table = EmbeddingFiles.Write(run, output);

Console.WriteLine($"{run.Items.Count} embeddings of {run.Width} values in {output}, their paths and labels in {table}");
Console.WriteLine($"{run.Report.Embedded} embedded on {run.Report.Provider}, {run.Report.FromCache} from the cache, {run.Report.ImagesPerSecond:0} images/s");
foreach (var failure in run.Report.Failures)
{
    Console.WriteLine($"failed: {failure.Reason}");
}

return 0;
