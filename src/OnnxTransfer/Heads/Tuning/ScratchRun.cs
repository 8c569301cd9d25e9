using System.Diagnostics;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>One call of <see cref="FromScratch.Fit"/>.</summary>
internal sealed class ScratchRun(
    FromScratch settings, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings reading, Action<TrainingProgress>? progress, CancellationToken cancellation)
{
    private readonly TrainingSettings _training = settings.Training;
    private readonly List<string> _notes = [];

    public FineTunedModel Run()
    {
        var clock = Stopwatch.StartNew();
        TuningCheck.Output(settings.Output, backbone, cache);
        var (model, _) = ModelFile.Read(backbone.Entry);
        var architecture = ScratchArchitecture.Of(model, backbone.Description, settings.Tap, settings.Height, settings.Width);
        var places = new NormPlaces(architecture.Model, backbone.Description.Name, settings.Normalise);
        var fresh = Reinitialisation.Of(architecture.Model, places, settings.ZeroLastNorm, _training.WeightDecay, _training.Seed, settings.Initialisation);
        CheckGradients(ScratchNetwork.Of(architecture, fresh, 1, 0, 0));
        var decoding = Stopwatch.StartNew();
        using var images = PixelImages.Open(
            TuningCheck.Fitted(dataset, "a network"), architecture.Description.Preprocessing.Pixels, settings.Augmentation?.Crop is not null, reading, settings.PixelMemory, cancellation);
        decoding.Stop();
        _notes.AddRange(images.Failures.Count == 0 ? [] : [$"{images.Failures.Count} images that cannot be read were left out; the first: {images.Failures[0].Reason}"]);
        var set = EmbeddingSet.Of(images.Dataset, images.Dataset.Items, new Matrix(images.Dataset.Items.Count, 0));
        var rows = TuningRows.Of(set, settings.HeldOut, _training.Seed, _notes);
        var trainSet = rows.TrainSet(settings.ClassWeights, _training.Seed);
        var targets = PerceptronTargets.Of(trainSet, settings.LogTarget);
        _notes.AddRange(trainSet.IsRegression ? [] : ClassesWithoutRows.Note(trainSet, targets.Present));
        rows = rows.Known(targets, _notes);
        var validationSet = rows.Marked.Subset(rows.Validation);
        var network = ScratchNetwork.Of(architecture, fresh, targets.Outputs, _training.WeightDecay, unchecked(_training.Seed + 1));

        using var trainRows = Rows(images, rows.Train, trainSet, targets, settings.Augmentation);
        using var validationRows = rows.Validation.Length == 0 ? null : Rows(images, rows.Validation, validationSet, targets.For(validationSet), null);
        string[] data = Data(images, rows);
        string? own = _training.Checkpoint is null ? OwnCheckpoint.At(cache, [.. data, $"{settings with { Output = null, PixelMemory = null }}"]) : null;
        var fit = Stopwatch.StartNew();
        var (trained, diverged) = KeptFit.Run(
            network.Trainable, targets.Loss(0, settings.HuberDelta), trainRows, validationRows, _training with { Checkpoint = _training.Checkpoint ?? own }, progress, OwnCheckpoint.Hash(data), cancellation);
        fit.Stop();
        _notes.AddRange(trained.Notes);

        var (graph, layer) = network.Apart(trained.Model);
        var head = TuningReport.Head(targets.Head([layer], new Standardisation(new double[layer.Inputs], [.. Enumerable.Repeat(1.0, layer.Inputs)])));
        var told = Settings(architecture, fresh, trained);
        if (settings.Calibrate && head.Task != HeadTask.Values)
        {
            head = TuningReport.Calibrated(head, validationRows is null ? null : validationSet with
            {
                Rows = new RowOutputs(validationRows, targets.Outputs, RowOutputs.Few, _training).All(Cut.At(trained.Model, ScratchNetwork.Embedding), cancellation),
            }, told, _notes);
        }

        var made = Write(architecture, graph, trained, images.Dataset.Items.Count);
        return new(made, head, new FineTuningReport
        {
            Fit = TuningReport.Of(trained, (clock.Elapsed - fit.Elapsed).TotalSeconds, rows.Train.Length, told, _notes),
            Part = FromScratch.Part,
            Epochs = trained.Epochs,
            Best = trained.Best,
            FineTuned = trained.Epochs[trained.Best].Validation,
            SecondsFrozen = decoding.Elapsed.TotalSeconds,
            Weights = network.WeightCount,
            BackbonePath = made.Entry.ModelPath,
            Checkpoint = own,
            Diverged = diverged,
        });
    }

    // Before any image is read: whether all operators have gradients.
    private void CheckGradients(ScratchNetwork draft)
    {
        var forward = ForwardGraph.Of(draft.Trainable, new Training.Losses.SquaredLoss());
        _ = StepGraph.Build(forward.Model, forward.Loss, draft.Trainable.Weights, _training.Optimizer, 1, _training.ClipNorm);
    }

    private PixelRows Rows(PixelImages images, int[] items, EmbeddingSet set, PerceptronTargets targets, Augmentation? augmentation) =>
        new(images, items, targets.All(items.Length), set.Weights) { Augmentation = augmentation, Seed = _training.Seed };

    private Backbone Write(ScratchArchitecture architecture, OnnxModel graph, TrainedNetwork trained, int images)
    {
        string name = settings.Output is null ? $"{backbone.Description.Name}-{FromScratch.Part}" : Path.GetFileNameWithoutExtension(settings.Output);
        string path = TunedBackbone.Save(graph, name, settings.Output, cache);
        string descriptionPath = Path.ChangeExtension(path, ".json");
        var about = architecture.Description with
        {
            Name = name,
            File = Path.GetFileName(path),
            Sha256 = ModelFile.Hash(path),
            Obtain = "",
            Source = $"The architecture of {backbone.Description.Name}, trained by OnnxTransfer from fresh weights: {trained.Epochs.Count} epochs on {images} images of {Path.GetFileName(dataset.Source)}.",
            Licence = "",
            Parameters = graph.ParameterCount,
            Macs = ModelProfile.Of(graph, TensorShapes.Infer(graph)).Macs,
        };
        DescriptionWriter.Write(about, descriptionPath, overwrite: true);
        return Backbone.Open(
            new(BackboneDescription.Load(descriptionPath), descriptionPath, path), backbone.Provider, backbone.Settings with { Taps = null, Pooling = null, L2Normalize = false });
    }

    private Dictionary<string, string> Settings(ScratchArchitecture architecture, ReinitialisedNetwork fresh, TrainedNetwork trained) => TuningReport.Settings(
        _training, trained, settings.ClassWeights, settings.HuberDelta, settings.LogTarget,
        ("trained", FromScratch.Part),
        ("architectureOf", backbone.Description.Name),
        ("size", $"{architecture.Description.Input.Height}x{architecture.Description.Input.Width}"),
        ("batchNorms", $"{fresh.Model.Operators.GetValueOrDefault("BatchNormalization")}"),
        ("augment", settings.Augmentation?.Signature),
        ("seed", $"{_training.Seed}"),
        ("initialisation", settings.Initialisation.ToString().ToLowerInvariant()),
        ("zeroLastNorm", settings.ZeroLastNorm ? "true" : null));

    // All that decides the rows.
    private string[] Data(PixelImages images, TuningRows rows) =>
    [
        backbone.Sha256, images.ContentSha256, $"{settings.ClassWeights?.Summary} {settings.Augmentation?.Signature}", string.Join(',', rows.Train), OwnCheckpoint.Answers(rows.Marked),
    ];
}
