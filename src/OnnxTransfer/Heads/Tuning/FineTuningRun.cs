using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>One call of <see cref="FineTuning.Fit"/>.</summary>
internal sealed class FineTuningRun(
    FineTuning settings, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings embedding, Action<TrainingProgress>? progress, CancellationToken cancellation)
{
    private readonly List<string> _notes = [];

    public FineTunedModel Run()
    {
        var clock = Stopwatch.StartNew();
        TuningCheck.Output(settings.Output, backbone, cache);
        var (network, suffix) = settings.Parts(backbone);
        var fitted = Fitted();
        var frozen = Stopwatch.StartNew();
        using var source = RowSource.Of(suffix, backbone, fitted, cache, embedding, settings.Views, cancellation);
        frozen.Stop();
        _notes.AddRange(source.Notes);
        var set = FitCheck.Rows(source.Embedding.ToSet(), Chunks.Threads(settings.Training.Threads));
        var rows = TuningRows.Of(set, settings.HeldOut, settings.Training.Seed, _notes);
        var trainSet = rows.TrainSet(settings.ClassWeights, settings.Training.Seed);
        var targets = PerceptronTargets.Of(trainSet, settings.LogTarget);
        _notes.AddRange(trainSet.IsRegression ? [] : ClassesWithoutRows.Note(trainSet, targets.Present));
        rows = rows.Known(targets, _notes);
        var validationSet = rows.Marked.Subset(rows.Validation);
        var validationTargets = targets.For(validationSet);

        var first = HeadFirst.Fit(settings, rows.Marked, trainSet, cancellation);
        _notes.AddRange(first.Report.Notes.Where(note => !_notes.Contains(note)).Select(note => $"head first: {note}"));
        var standardisation = Standardisation.Of(trainSet.Rows, trainSet.Weights, scale: true, Chunks.Threads(settings.Training.Threads), cancellation).InSingle();
        var trainable = suffix.With(HeadFirst.Layer((LinearHead)first.Head, standardisation, targets), standardisation, settings.Training.WeightDecay, settings.RateRatio);

        frozen.Start();
        var trainRows = source.Rows(rows.Train, targets, trainSet.Weights, isAugmented: true, cancellation);
        trainRows = settings.Mixup > 0 ? new MixedRows(trainRows, new Mixup(settings.Mixup, settings.Training.Seed)) : trainRows;
        var validationRows = rows.Validation.Length == 0 ? null : source.Rows(rows.Validation, validationTargets, validationSet.Weights, isAugmented: false, cancellation);
        frozen.Stop();
        var loss = targets.Loss(0, settings.HuberDelta);
        double before = Loss(trainable.Model);
        string[] data = Data(network, suffix, source, rows);
        string? own = settings.Training.Checkpoint is null ? OwnCheckpoint.At(cache, [.. data, $"{settings with { Output = null, Views = [] }}"]) : null;
        var fit = Stopwatch.StartNew();
        var (trained, diverged) = KeptFit.Run(trainable, loss, trainRows, validationRows, settings.Training with { Checkpoint = settings.Training.Checkpoint ?? own }, progress, OwnCheckpoint.Hash(data), cancellation);
        fit.Stop();
        double after = Loss(trained.Model);
        _notes.AddRange(trained.Notes);
        if (before <= after)
        {
            _notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"training made the validation loss no better ({before:g4} with the head alone, {after:g4} at best afterwards): keep the frozen backbone, or try a smaller learning rate or fewer stages"));
        }

        var head = TuningReport.Head(targets.Head([SuffixNetwork.Head(trained.Model)], standardisation));
        var told = Settings(suffix, trainable, trained);
        if (settings.Calibrate && head.Task != HeadTask.Values)
        {
            head = TuningReport.Calibrated(head, validationRows is null ? null : validationSet with
            {
                Rows = new RowOutputs(validationRows, targets.Outputs, RowOutputs.Few, settings.Training).All(SuffixNetwork.ToEmbedding(trained.Model), cancellation),
            }, told, _notes);
        }

        var tuned = TunedBackbone.Write(network, suffix, trained.Model, How(suffix, trained), settings.Output, cache);
        return new(tuned, head, new FineTuningReport
        {
            Fit = TuningReport.Of(trained, (clock.Elapsed - fit.Elapsed).TotalSeconds, rows.Train.Length, told, _notes),
            Part = suffix.Frozen.Part,
            FrozenTensor = suffix.Frozen.Tensor,
            Epochs = trained.Epochs,
            Best = trained.Best,
            HeadFirst = before,
            FineTuned = after,
            Embedded = source.Embedded,
            SecondsFrozen = frozen.Elapsed.TotalSeconds,
            Weights = trainable.Weights.Sum(weight => TensorData.Count(trainable.Model.Graph.Initializer.First(tensor => tensor.Name == weight.Name))),
            BackbonePath = tuned.Entry.ModelPath,
            Checkpoint = own,
            Diverged = diverged,
        });

        double Loss(OnnxModel model) =>
            validationRows is null ? double.NaN : new ValidationRun(validationRows, loss, targets.Outputs, RowOutputs.Few, settings.Training).Loss(model, cancellation);
    }

    private Dataset Fitted()
    {
        var fitted = TuningCheck.Fitted(dataset, "fine-tuning");
        return fitted.Items.FirstOrDefault(item => item.ImageCount != 1) is not { } several ? fitted : throw new FitException(
            $"{dataset.Source}: {several.Name} has {several.ImageCount} images, whose embeddings would be averaged, and fine-tuning takes one image an item; give each image a row of its own, with its item as group");
    }

    private Dictionary<string, string> Settings(SuffixNetwork suffix, TrainableNetwork trainable, TrainedNetwork trained)
    {
        var rates = trainable.Weights.Select(weight => weight.Rate).Distinct().Order();
        return TuningReport.Settings(
            settings.Training, trained, settings.ClassWeights, settings.HuberDelta, settings.LogTarget,
            ("trained", suffix.Frozen.Part),
            ("frozenUntil", suffix.Frozen.Tensor ?? "pixels"),
            ("madeOf", $"{backbone.Description.Name} {backbone.Sha256}"),
            ("stageRates", string.Join(", ", rates.Select(rate => TuningReport.Text(rate * settings.Training.LearningRate)))),
            ("views", settings.Views.Count > 0 && suffix.FrozenTap is not null ? $"{settings.Views.Count}" : null),
            ("augment", settings.Views.Count > 0 ? settings.Views[0].Augmentation.Signature : null));
    }

    private string How(SuffixNetwork suffix, TrainedNetwork trained) => string.Create(
        CultureInfo.InvariantCulture,
        $"Fine-tuned by OnnxTransfer: {suffix.Frozen.Told} of {backbone.Description.Name} (SHA-256 {backbone.Sha256}), {trained.Epochs.Count} epochs on {Path.GetFileName(dataset.Source)} "
        + $"at a learning rate of up to {settings.Training.LearningRate:g4}.");

    // All that decides the rows.
    private string[] Data(BackboneNetwork network, SuffixNetwork suffix, RowSource source, TuningRows rows) =>
    [
        .. network.Backbone.Taps.Select(tap => tap.Identity), $"{network.Backbone.L2Normalize}", suffix.Frozen.Tensor ?? "", source.Embedding.ContentSha256,
        $"{settings.ClassWeights?.Summary} {settings.Mixup} {string.Join(';', settings.Views)}", string.Join(',', rows.Train), OwnCheckpoint.Answers(rows.Marked),
    ];
}
