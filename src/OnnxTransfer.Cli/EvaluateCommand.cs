using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Imaging;
using OnnxTransfer.Prediction;

namespace OnnxTransfer.Cli;

/// <summary><c>evaluate</c>: measure a fused model on labelled images, or what transfer buys, which is <see cref="TransferRun"/>'s work.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string?>("model") { Description = "a fused model, as 'train -o' writes it; none with --transfer", Arity = ArgumentArity.ZeroOrOne };
        var data = new DataOptions();
        var (embed, transfer) = (new EmbedOptions(), new TransferOptions());
        var views = new ViewOptions();
        var seed = new Option<int>("--seed") { Description = "decides the intervals; with --transfer also splits, drawings and trainings", DefaultValueFactory = _ => 0 };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command("evaluate", "Measure a fused model on labelled images: on the test split where the data has one of its own, else on everything. Or, with --transfer, what transfer buys on a data set") { model };
        data.AddTo(command);
        data.Data.Arity = ArgumentArity.ZeroOrOne;
        embed.Jpeg.Description = "how JPEG is decoded: exact, scaled or gpu (default: as the model was trained; with --transfer exact)";
        embed.Failures.Description = "write failed images with their reasons to this .csv (default: nowhere; with --transfer failures.csv in the cache)";
        views.Views.Description = "with --transfer: augmented views of every training image that the probe and the fine-tuning learn from too; the frozen part runs once on each";
        views.AddTo(command, fits: true, answers: true, onPixels: "To the training from scratch of --transfer");
        command.Options.Add(seed);
        command.Options.Add(json);
        transfer.AddTo(command);
        embed.AddTo(command);
        command.Validators.Add(result =>
        {
            var isTransfer = result.GetResult(transfer.Transfer) is not null;
            if (!isTransfer && result.GetResult(data.Data) is not { Tokens.Count: > 0 })
            {
                result.AddError("evaluate takes a model and the data to measure it on, or --transfer DATA");
            }
            else if (isTransfer && result.GetResult(model) is { Tokens: [var unread, ..] })
            {
                result.AddError($"--transfer measures no model, and '{unread.Value}' is given as one; leave it out");
            }
        });
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), CancellationToken.None));
        return command;

        int Run(ParseResult parsed, CancellationToken cancellation)
        {
            if (parsed.GetValue(transfer.Transfer) is not null)
            {
                return new TransferRun(terminal, data, embed, views, transfer, seed, json, parsed, cancellation).Run();
            }

            if (parsed.GetValue(views.Views) > 0)
            {
                throw new UsageException("--views: are trained on, and nothing is trained without --transfer; leave it out (--test-views averages answers)");
            }

            views.Check(parsed);
            transfer.RefuseAll(parsed);
            embed.RefuseAllBut(parsed, [embed.Provider, embed.Jpeg, embed.MaxFailures, embed.Failures], "is for --transfer: a model carries its own backbone");
            JpegDecoding? jpeg = parsed.GetResult(embed.Jpeg) is { Implicit: false } ? parsed.GetValue(embed.Jpeg) : null;
            using var fused = ImageModel.Load(parsed.GetValue(model)!, parsed.GetValue(embed.Provider), jpeg: jpeg);
            fused.TestViews = views.ToAverage(parsed, fused.Card);
            CheckColumns(parsed, fused);
            var dataset = data.Open(parsed, fused.Card.Numbers);
            if (!dataset.HasOwnSplits && fused.Card.Data is { } seen && Path.GetFullPath(seen.Source) == dataset.Source)
            {
                terminal.Say($"warning: {dataset.Source} is what the head was fitted on, {seen.Train + seen.Validation} of its {dataset.Items.Count} items: the scores are too good; its own test scores stand in the model's card");
            }

            if (dataset.HasOwnSplits)
            {
                dataset = dataset.Of(Datasets.Split.Test);
                terminal.Say($"measuring on the {dataset.Items.Count} items of the test split");
            }

            var allowed = EmbedOptions.Allowed(parsed.GetValue(embed.MaxFailures)!, dataset.ImageCount);
            var result = ModelEvaluation.Run(fused, dataset, allowed, parsed.GetValue(seed), cancellation);
            if (parsed.GetValue(embed.Failures) is { } file)
            {
                EmbeddingFiles.WriteFailures(result.Failures, file);
            }

            foreach (var failure in result.Failures.Take(5))
            {
                terminal.Say($"failed: {failure.Reason}");
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(AsJson(fused, dataset.Items.Count, result));
            }
            else
            {
                terminal.Out.WriteLine(result.Scores.ToString());
                terminal.Out.WriteLine($"{result.Scores.Count} items on {fused.Provider.ToString().ToLowerInvariant()}, {result.Failures.Count} failed, {result.ImagesPerSecond:0} images/s{(fused.TestViews.Count > 0 ? $"; each answer the mean over the image and {fused.TestViews.Count} views" : "")}");
            }

            return ExitCode.Done;
        }

        // What the head was fitted on must come in the same way, or the scores mean nothing.
        void CheckColumns(ParseResult parsed, ImageModel fused)
        {
            if (DataOptions.List(parsed.GetValue(data.Numbers)) is { } given && !given.SequenceEqual(fused.Card.Numbers))
            {
                throw new UsageException($"--numbers {string.Join(',', given)}: {fused.Path} takes {(fused.Card.Numbers.Count == 0 ? "none" : string.Join(',', fused.Card.Numbers))}, in this order; leave the option out");
            }

            if (fused.Card.AveragesPhotos != (parsed.GetValue(data.AverageBy) is not null))
            {
                throw new UsageException(fused.Card.AveragesPhotos
                    ? $"{fused.Path} averages the photos of an item: say with --average-by which column tells them"
                    : $"--average-by: {fused.Path} takes one photo at a time; leave the option out");
            }
        }
    }

    private static JsonObject AsJson(ImageModel model, int items, ModelEvaluationResult result)
    {
        var json = new JsonObject
        {
            ["backbone"] = model.Card.Backbone.Name,
            ["provider"] = model.Provider.ToString().ToLowerInvariant(),
            ["items"] = items,
            ["testViews"] = model.TestViews.Count,
            ["embedded"] = result.Images,
            ["fromCache"] = 0,
            ["failed"] = result.Failures.Count,
            ["imagesPerSecond"] = JsonReport.Rounded(result.ImagesPerSecond),
            ["secondsEmbedding"] = JsonReport.Rounded(result.Seconds),
            ["secondsFitting"] = 0,
        };
        foreach (var (name, value) in JsonReport.Numbers(result.Scores))
        {
            json[name] = JsonReport.Value(value);
        }

        if (JsonReport.Classes(result.Scores) is { } classes)
        {
            json["classes"] = classes;
        }

        return json;
    }
}
