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
        var fitted = CheckDataset();
        var (network, suffix) = settings.Parts(backbone);
        var frozen = Stopwatch.StartNew();
        using var source = RowSource.Of(suffix, backbone, fitted, cache, embedding, settings.Views, cancellation);
        frozen.Stop();
        _notes.AddRange(source.Notes);
        var (marked, train, validation) = Divide(source.Embedding.ToSet());
        var trainSet = Weighted(marked.Subset(train));
        var targets = PerceptronTargets.Of(trainSet, settings.LogTarget);
        _notes.AddRange(trainSet.IsRegression ? [] : ClassesWithoutRows.Note(trainSet, targets.Present));
        validation = Known(marked, validation, targets);
        var validationSet = marked.Subset(validation);
        var validationTargets = targets.For(validationSet);

        var first = HeadFirst.Fit(settings, marked, trainSet, cancellation);
        _notes.AddRange(first.Report.Notes.Where(note => !_notes.Contains(note)).Select(note => $"head first: {note}"));
        var standardisation = Standardisation.Of(trainSet.Rows, trainSet.Weights, scale: true, Chunks.Threads(settings.Training.Threads), cancellation).InSingle();
        var trainable = suffix.With(HeadFirst.Layer((LinearHead)first.Head, standardisation, targets), standardisation, settings.Training.WeightDecay, settings.RateRatio);

        frozen.Start();
        var trainRows = source.Rows(train, targets, trainSet.Weights, isAugmented: true, cancellation);
        var validationRows = validation.Length == 0 ? null : source.Rows(validation, validationTargets, validationSet.Weights, isAugmented: false, cancellation);
        frozen.Stop();
        var loss = targets.Loss(0, settings.HuberDelta);
        double before = Loss(trainable.Model);
        string? own = settings.Training.Checkpoint is null ? Checkpoint(network, suffix, source, marked, train) : null;
        var fit = Stopwatch.StartNew();
        var (trained, diverged) = KeptFit.Run(trainable, loss, trainRows, validationRows, settings.Training with { Checkpoint = settings.Training.Checkpoint ?? own }, progress, cancellation);
        fit.Stop();
        double after = Loss(trained.Model);
        _notes.AddRange(trained.Notes);
        if (before <= after)
        {
            _notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"training made the validation loss no better ({before:g4} with the head alone, {after:g4} at best afterwards): keep the frozen backbone, or try a smaller learning rate or fewer stages"));
        }

        var raw = targets.Head([SuffixNetwork.Head(trained.Model)], standardisation);
        IHead head = new LinearHead(raw.Layers[0].Weights, raw.Layers[0].Bias, raw.Activation, raw.Classes, raw.Activation is Activation.Softmax or Activation.Sigmoid ? null : raw.ValueNames);
        var report = Settings(suffix, trainable, trained);
        if (settings.Calibrate && head.Task != HeadTask.Values)
        {
            head = Calibrated(head, validationRows is null ? null : validationSet with
            {
                Rows = PartOutputs.Of(SuffixNetwork.ToEmbedding(trained.Model), validationRows, targets.Outputs, settings.Training, cancellation),
            }, report);
        }

        var tuned = TunedBackbone.Write(network, suffix, trained.Model, How(suffix, trained), settings.Output, cache);
        return new(tuned, head, new FineTuningReport
        {
            Fit = new FitReport
            {
                Chosen = new Setting("epochs", trained.Best + 1),
                Objective = trained.Epochs[trained.Best].Loss,
                Iterations = trained.Epochs.Count,
                Seconds = (clock.Elapsed - fit.Elapsed).TotalSeconds + trained.Seconds,
                Rows = train.Length,
                Settings = report,
                Notes = _notes,
            },
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

        double Loss(OnnxModel model) => validationRows is null ? double.NaN : PartOutputs.Loss(model, validationRows, targets.Outputs, loss, settings.Training, cancellation);
    }

    private Dataset CheckDataset()
    {
        var fitted = dataset with { Items = [.. dataset.Items.Where(item => item.Split != Split.Test)] };
        if (fitted.NumberNames.Count > 0)
        {
            throw new FitException($"{dataset.Source}: has numbers beside the images ({string.Join(", ", fitted.NumberNames)}), and fine-tuning learns from images alone; leave them out, or fit a head on the frozen backbone");
        }

        return fitted.Items.FirstOrDefault(item => item.ImageCount != 1) is not { } several ? fitted : throw new FitException(
            $"{dataset.Source}: {several.Name} has {several.ImageCount} images, whose embeddings would be averaged, and fine-tuning takes one image an item; give each image a row of its own, with its item as group");
    }

    // All rows of positive weight, validation marked, with the numbers of those to fit on and to validate by.
    private (EmbeddingSet Marked, int[] Train, int[] Validation) Divide(EmbeddingSet set)
    {
        if (set.Weights.Contains(0))
        {
            throw new FitException($"{dataset.Source}: {set.Names[Array.IndexOf(set.Weights, 0.0)]} has the weight 0; expected weights above 0: leave such rows out");
        }

        set = FitCheck.Rows(set, Chunks.Threads(settings.Training.Threads));
        if (Holdout.Mark(set, settings.HeldOut, settings.Training.Seed) is not { } marked)
        {
            _notes.Add("no rows could be held out to validate by; the weights of the last epoch were taken");
            return (set, [.. Enumerable.Range(0, set.Count)], []);
        }

        var rows = Enumerable.Range(0, set.Count).ToLookup(i => marked.Splits[i] == Split.Validation);
        string drawn = set.Splits.Contains(Split.Validation) ? "marked as such" : $"held out of {set.Count} (seed {settings.Training.Seed})";
        _notes.Add($"the best weights were chosen on {rows[true].Count()} validation rows, {drawn}, which were not trained on");
        return (marked, [.. rows[false]], [.. rows[true]]);
    }

    // Rows of classes that no train row has cannot be answered.
    private int[] Known(EmbeddingSet marked, int[] validation, PerceptronTargets targets)
    {
        if (marked.IsRegression || marked.IsMultiLabel)
        {
            return validation;
        }

        int[] known = [.. validation.Where(i => targets.Present.Contains(marked.Labels[i]))];
        if (known.Length < validation.Length)
        {
            _notes.Add($"{validation.Length - known.Length} validation rows of classes without train rows were left out");
        }

        return known;
    }

    private EmbeddingSet Weighted(EmbeddingSet train) => settings.ClassWeights is { } weights ? (weights with { Seed = settings.Training.Seed }).Apply(train) : train;

    private IHead Calibrated(IHead head, EmbeddingSet? validation, Dictionary<string, string> report)
    {
        if (validation is null)
        {
            _notes.Add("no temperature was measured, there being no validation rows: probabilities are as they were trained");
            return head;
        }

        var (temperature, note) = Temperature.Find(head, validation);
        _notes.Add(note ?? string.Create(CultureInfo.InvariantCulture, $"temperature {temperature:g4}, measured on the validation rows"));
        report["calibration"] = temperature.ToString("R", CultureInfo.InvariantCulture);
        return Temperature.Apply(head, temperature);
    }

    private Dictionary<string, string> Settings(SuffixNetwork suffix, TrainableNetwork trainable, TrainedNetwork trained)
    {
        static string Text(double value) => value.ToString("g6", CultureInfo.InvariantCulture);
        var training = settings.Training;
        var rates = trainable.Weights.Select(weight => weight.Rate).Distinct().Order();
        var told = new Dictionary<string, string>
        {
            ["trained"] = suffix.Frozen.Part,
            ["frozenUntil"] = suffix.Frozen.Tensor ?? "pixels",
            ["madeOf"] = $"{backbone.Description.Name} {backbone.Sha256}",
            ["optimizer"] = training.Optimizer.GetType().Name,
            ["learningRate"] = Text(training.LearningRate),
            ["stageRates"] = string.Join(", ", rates.Select(rate => Text(rate * training.LearningRate))),
            ["schedule"] = $"{training.Schedule.Over(training.Epochs)}",
            ["epochsRun"] = $"{trained.Epochs.Count}",
            ["batchSize"] = $"{training.BatchSize}",
            ["weightDecay"] = Text(training.WeightDecay),
        };
        (string Name, string? Value)[] others =
        [
            ("labelSmoothing", training.LabelSmoothing > 0 ? Text(training.LabelSmoothing) : null),
            ("clipNorm", training.ClipNorm is { } norm ? Text(norm) : null),
            ("patience", training.Patience is { } patience ? $"{patience}" : null),
            ("classWeights", settings.ClassWeights?.Summary),
            ("huberDelta", settings.HuberDelta is { } delta ? Text(delta) : null),
            ("views", settings.Views.Count > 0 && suffix.FrozenTap is not null ? $"{settings.Views.Count}" : null),
            ("augment", settings.Views.Count > 0 ? settings.Views[0].Augmentation.Signature : null),
            ("logTarget", settings.LogTarget ? "true" : null),
        ];
        foreach (var (name, value) in others.Where(other => other.Value is not null))
        {
            told[name] = value!;
        }

        return told;
    }

    private string How(SuffixNetwork suffix, TrainedNetwork trained) => string.Create(
        CultureInfo.InvariantCulture,
        $"Fine-tuned by OnnxTransfer: {suffix.Frozen.Told} of {backbone.Description.Name} (SHA-256 {backbone.Sha256}), {trained.Epochs.Count} epochs on {Path.GetFileName(dataset.Source)} "
        + $"at a learning rate of up to {settings.Training.LearningRate:g4}.");

    // A run that is the same in all that decides its weights goes on where the last one ended.
    private string Checkpoint(BackboneNetwork network, SuffixNetwork suffix, RowSource source, EmbeddingSet marked, int[] train)
    {
        string[] all =
        [
            .. network.Backbone.Taps.Select(tap => tap.Identity), $"{network.Backbone.L2Normalize}", suffix.Frozen.Tensor ?? "", source.Embedding.ContentSha256,
            $"{settings with { Output = null, Views = [] }} {settings.ClassWeights?.Summary} {string.Join(';', settings.Views)}", string.Join(',', train),
            string.Join(',', marked.Labels), string.Join(',', marked.LabelSets.Select(labels => string.Join('|', labels))), string.Join(',', marked.Targets), string.Join(',', marked.Weights),
        ];
        string folder = Path.Combine(cache.Folder, TunedBackbone.Folder);
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', all))))[..32]}.checkpoint");
    }
}
