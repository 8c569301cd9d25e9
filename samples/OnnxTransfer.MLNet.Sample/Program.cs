// OnnxTransfer.MLNet.Sample FOLDER MODEL.zip: an ML.NET pipeline from paths of images, in one sub-folder for each class, to the
// names of their classes: embedded, learned by a trainer of ML.NET, measured, saved, loaded, and asked about one image.
using Microsoft.ML;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.MLNet;

if (args is not [var folder, var output])
{
    Console.Error.WriteLine("usage: OnnxTransfer.MLNet.Sample FOLDER MODEL.zip");
    return 2;
}

var context = new MLContext(seed: 1).AddOnnxTransfer();
using var backbone = Backbone.Load("resnet14-cifar10");
using var cache = EmbeddingCache.Open(Path.ChangeExtension(output, ".cache"));
var images = ImageFolder.Open(folder);
var photos = images.Items.Select(item => new Photo { ImagePath = item.Name, Class = images.Classes[item.Label] }).ToArray();
var data = context.Data.TrainTestSplit(context.Data.LoadFromEnumerable(photos), testFraction: 0.2);

var model = context.Transforms.Conversion.MapValueToKey("Label", "Class")
    .Append(context.Transforms.EmbedImages("Embedding", "ImagePath", backbone, cache))
    .Append(context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: "Embedding", l1Regularization: 0))
    .Append(context.Transforms.Conversion.MapKeyToValue("Found", "PredictedLabel")).Fit(data.TrainSet);
var metrics = context.MulticlassClassification.Evaluate(model.Transform(data.TestSet));
Console.WriteLine($"accuracy {metrics.MicroAccuracy:0.000}, log loss {metrics.LogLoss:0.000}");

context.Model.Save(model, data.TrainSet.Schema, output);
using var engine = context.Model.CreatePredictionEngine<Photo, Photo>(context.Model.Load(output, out _));
Console.WriteLine($"{photos[0].ImagePath}: {engine.Predict(photos[0]).Found}");
return 0;

internal sealed class Photo
{
    public string ImagePath { get; set; } = "";
    public string Class { get; set; } = "";
    public string Found { get; set; } = "";
}
