using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Datasets;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Prediction;

namespace OnnxTransfer.Cli;

/// <summary><c>predict</c>: apply a fused model to images.</summary>
internal static class PredictCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { Description = "a fused model, as 'train -o' writes it" };
        var images = new Argument<string[]>("images") { Description = "image files, folders of images, or one .csv/.tsv manifest, which also holds the columns of numbers a model wants", Arity = ArgumentArity.OneOrMore };
        var top = new Option<int>("--top") { Description = "how many classes to show for each image; of labels at least those above 0.5 (--json has all)", DefaultValueFactory = _ => 1 };
        var provider = new Option<ExecutionProvider>("--provider") { Description = "auto, cpu, cuda or tensorrt", DefaultValueFactory = _ => ExecutionProvider.Auto };
        var jpeg = new Option<JpegDecoding?>("--jpeg") { Description = "exact, scaled or gpu (default: as the model was trained)" };
        var views = new ViewOptions();
        var averageBy = new Option<string?>("--average-by") { Description = "manifest: rows with the same value here are photos of one item" };
        var path = new Option<string?>("--path-column") { Description = "manifest: the column of image files (default: path, file, image or filename)" };
        var json = new Option<bool>("--json") { Description = "print one JSON array: file, label (or labels) and probabilities, or value (with low and high, or one for each target), or error" };
        var command = new Command("predict", "Predict classes or numbers for images; images that fail are named and the rest goes on (exit code 1 if any failed)")
        {
            model, images, top, provider, jpeg, averageBy, path, json,
        };
        views.AddTo(command, fits: false, answers: true);
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), CancellationToken.None));
        return command;

        int Run(ParseResult parsed, CancellationToken cancellation)
        {
            EmbedOptions.Positive(parsed, top, 1);
            views.Check(parsed);
            using var fused = ImageModel.Load(parsed.GetValue(model)!, parsed.GetValue(provider), jpeg: parsed.GetValue(jpeg));
            fused.TestViews = views.ToAverage(parsed, fused.Card);
            var rows = parsed.GetValue(json) ? new JsonArray() : null;
            var failed = 0;
            foreach (var (item, prediction, error) in fused.PredictAll(Items(parsed, fused), cancellation: cancellation))
            {
                cancellation.ThrowIfCancellationRequested();
                if (prediction is null)
                {
                    failed++;
                    terminal.Say($"failed: {error}");
                }
                else if (rows is null)
                {
                    terminal.Out.WriteLine($"{item.Name}\t{Told(prediction, fused, parsed.GetValue(top))}");
                }

                rows?.Add(prediction is null ? new JsonObject { ["file"] = item.Name, ["error"] = error } : AsJson(item.Name, prediction, fused));
            }

            if (rows is not null)
            {
                terminal.WriteJson(rows);
            }

            return failed == 0 ? ExitCode.Done : ExitCode.FailedWork;
        }

        IReadOnlyList<DatasetItem> Items(ParseResult parsed, ImageModel fused)
        {
            var given = parsed.GetValue(images)!;
            var isManifest = given.Length == 1 && Path.GetExtension(given[0]).ToUpperInvariant() is ".CSV" or ".TSV";
            if (isManifest)
            {
                if (fused.Card.AveragesPhotos != (parsed.GetValue(averageBy) is not null))
                {
                    throw new UsageException(fused.Card.AveragesPhotos
                        ? $"{fused.Path} averages the photos of an item: say with --average-by which column tells them"
                        : $"--average-by: {fused.Path} takes one photo at a time; leave the option out");
                }

                var columns = new ManifestColumns { Path = parsed.GetValue(path), AverageBy = parsed.GetValue(averageBy), Numbers = fused.Card.Numbers };
                return Manifest.Open(given[0], columns with { IgnoreAnswers = true }).Items;
            }

            if (fused.Card.Numbers.Count > 0)
            {
                throw new UsageException($"{fused.Path} wants {string.Join(", ", fused.Card.Numbers)} beside the image; give a .csv with a column for each and one named path");
            }

            if (fused.Card.AveragesPhotos && ImageFolder.OpenFiles(given).Items.Count > 1)
            {
                throw new UsageException($"{fused.Path} averages the photos of an item; give a .csv and say with --average-by which column tells the items, or one photo");
            }

            if (parsed.GetValue(averageBy) is not null || parsed.GetValue(path) is not null)
            {
                throw new UsageException("--average-by and --path-column are for one .csv or .tsv manifest");
            }

            return ImageFolder.OpenFiles(given).Items;
        }
    }

    private static string Told(ImagePrediction prediction, ImageModel model, int top)
    {
        if (!model.Card.IsRegression)
        {
            var shown = model.Card.Task == HeadTask.Labels ? Math.Max(top, prediction.Labels.Count) : top;
            return string.Join("  ", prediction.Take(shown));
        }

        return model.Card.ValueNames switch
        {
            [_] or [] => Figure.Of(prediction.Value),
            ["low", "value", "high"] => $"{Figure.Of(prediction.Value)} ({Figure.Of(prediction.Values["low"])} to {Figure.Of(prediction.Values["high"])})",
            _ => string.Join("  ", prediction.Values.Select(value => $"{value.Key} {Figure.Of(value.Value)}")),
        };
    }

    private static JsonObject AsJson(string file, ImagePrediction prediction, ImageModel model)
    {
        var json = new JsonObject { ["file"] = file };
        if (model.Card.IsRegression)
        {
            foreach (var (name, value) in prediction.Values)
            {
                json[name] = JsonReport.Value(value);
            }

            return json;
        }

        if (model.Card.Task == HeadTask.Labels)
        {
            json["labels"] = new JsonArray([.. prediction.Labels.Select(label => (JsonNode?)label)]);
        }
        else
        {
            json["label"] = prediction[0].Label;
        }

        json["probabilities"] = new JsonObject(model.Classes.Zip(prediction.Output, (name, value) => KeyValuePair.Create(name, (JsonNode?)value)));
        return json;
    }
}
