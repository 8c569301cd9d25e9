using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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
        var (model, _) = ModelFile.Read(backbone.Entry);
        var architecture = ScratchArchitecture.Of(model, backbone.Description, settings.Tap, settings.Height, settings.Width);
        var places = new NormPlaces(architecture.Model, backbone.Description.Name, settings.Normalise);
        var fresh = Reinitialisation.Of(architecture.Model, places, settings.ZeroLastNorm, _training.WeightDecay, _training.Seed);
        CheckGradients(ScratchNetwork.Of(architecture, fresh, 1, 0, 0));
        using var images = PixelImages.Open(
            Fitted(), architecture.Description.Preprocessing.Pixels, settings.Augmentation?.Crop is not null, reading, settings.PixelMemory, cancellation);
        _notes.AddRange(images.Failures.Count == 0 ? [] : [$"{images.Failures.Count} images that cannot be read were left out; the first: {images.Failures[0].Reason}"]);
        var set = EmbeddingSet.Of(images.Dataset, images.Dataset.Items, new Matrix(images.Dataset.Items.Count, 0));
        var (train, validation) = Divide(set);
        var trainSet = settings.ClassWeights is { } weights ? (weights with { Seed = _training.Seed }).Apply(set.Subset(train)) : set.Subset(train);
        var targets = PerceptronTargets.Of(trainSet, settings.LogTarget);
        _notes.AddRange(trainSet.IsRegression ? [] : ClassesWithoutRows.Note(trainSet, targets.Present));
        validation = Known(set, validation, targets);
        var validationSet = set.Subset(validation);
        var network = ScratchNetwork.Of(architecture, fresh, targets.Outputs, _training.WeightDecay, unchecked(_training.Seed + 1));

        using var trainRows = Rows(images, train, trainSet, targets, settings.Augmentation);
        using var validationRows = validation.Length == 0 ? null : Rows(images, validation, validationSet, targets.For(validationSet), null);
        string? own = _training.Checkpoint is null ? Checkpoint(images, train) : null;
        var trained = NetworkFit.Run(
            network.Trainable, targets.Loss(0, settings.HuberDelta), trainRows, validationRows, _training with { Checkpoint = _training.Checkpoint ?? own }, progress, cancellation);
        _notes.AddRange(trained.Notes);

        var (graph, layer) = network.Apart(trained.Model);
        var raw = targets.Head([layer], new Standardisation(new double[layer.Inputs], [.. Enumerable.Repeat(1.0, layer.Inputs)]));
        IHead head = new LinearHead(raw.Layers[0].Weights, raw.Layers[0].Bias, raw.Activation, raw.Classes, raw.Classes.Count > 0 ? null : raw.ValueNames);
        var told = Settings(architecture, fresh, trained);
        if (settings.Calibrate && head.Task != HeadTask.Values && validationRows is not null)
        {
            var embedded = PartOutputs.Of(Cut.At(trained.Model, ScratchNetwork.Embedding), validationRows, targets.Outputs, _training, cancellation);
            head = Calibrated(head, validationSet with { Rows = embedded }, told);
        }

        var made = Write(architecture, graph, trained, images.Dataset.Items.Count);
        if (own is not null)
        {
            File.Delete(own);
        }

        return new(made, head, new FineTuningReport
        {
            Fit = new FitReport
            {
                Chosen = new Setting("epochs", trained.Best + 1),
                Objective = trained.Epochs[trained.Best].Loss,
                Iterations = trained.Epochs.Count,
                Seconds = clock.Elapsed.TotalSeconds,
                Rows = train.Length,
                Settings = told,
                Notes = _notes,
            },
            Part = FromScratch.Part,
            Epochs = trained.Epochs,
            Best = trained.Best,
            FineTuned = trained.Epochs[trained.Best].Validation,
            Weights = network.WeightCount,
            BackbonePath = made.Entry.ModelPath,
        });
    }

    private Dataset Fitted()
    {
        var fitted = dataset with { Items = [.. dataset.Items.Where(item => item.Split != Split.Test)] };
        if (fitted.Items.Count == 0)
        {
            throw new FitException($"{dataset.Source}: all {dataset.Items.Count} items are test items; expected some to train on");
        }

        if (fitted.Items.FirstOrDefault(item => !(item.Weight > 0 && double.IsFinite(item.Weight))) is { } odd)
        {
            throw new FitException($"{dataset.Source}: {odd.Name} has the weight {odd.Weight}; expected finite weights above 0: leave such rows out");
        }

        return fitted.NumberNames.Count == 0 ? fitted : throw new FitException(
            $"{dataset.Source}: has numbers beside the images ({string.Join(", ", fitted.NumberNames)}), and a network is trained on images alone; leave them out, or fit a head on a frozen backbone");
    }

    // Before any image is read: whether all operators have gradients.
    private void CheckGradients(ScratchNetwork draft)
    {
        var forward = ForwardGraph.Of(draft.Trainable, new Training.Losses.SquaredLoss());
        _ = StepGraph.Build(forward.Model, forward.Loss, draft.Trainable.Weights, _training.Optimizer, 1, _training.ClipNorm);
    }

    // Numbers of the rows to train on and to validate by.
    private (int[] Train, int[] Validation) Divide(EmbeddingSet set)
    {
        bool isMarked = set.Splits.Contains(Split.Validation);
        if ((settings.HeldOut > 0 || isMarked ? Holdout.Mark(set, Math.Max(settings.HeldOut, 0.1), _training.Seed) : null) is not { } marked)
        {
            _notes.Add("no rows were held out to validate by; the weights of the last epoch were taken");
            return ([.. Enumerable.Range(0, set.Count)], []);
        }

        var rows = Enumerable.Range(0, set.Count).ToLookup(i => marked.Splits[i] == Split.Validation);
        _notes.Add($"the best weights were chosen on {rows[true].Count()} validation rows, {(isMarked ? "marked as such" : $"held out of {set.Count} (seed {_training.Seed})")}, which were not trained on");
        return ([.. rows[false]], [.. rows[true]]);
    }

    // Rows of classes that no train row has cannot be answered.
    private int[] Known(EmbeddingSet set, int[] validation, PerceptronTargets targets)
    {
        int[] known = set.IsRegression || set.IsMultiLabel ? validation : [.. validation.Where(i => targets.Present.Contains(set.Labels[i]))];
        _notes.AddRange(known.Length == validation.Length ? [] : [$"{validation.Length - known.Length} validation rows of classes without train rows were left out"]);
        return known;
    }

    private PixelRows Rows(PixelImages images, int[] items, EmbeddingSet set, PerceptronTargets targets, Augmentation? augmentation)
    {
        float[] all = new float[items.Length * targets.Outputs];
        for (int i = 0; i < items.Length; i++)
        {
            targets.Fill(i, all.AsSpan(i * targets.Outputs, targets.Outputs));
        }

        return new(images, items, all, set.Weights) { Augmentation = augmentation, Seed = _training.Seed };
    }

    private IHead Calibrated(IHead head, EmbeddingSet validation, Dictionary<string, string> told)
    {
        var (temperature, note) = Temperature.Find(head, validation);
        _notes.Add(note ?? string.Create(CultureInfo.InvariantCulture, $"temperature {temperature:g4}, measured on the validation rows"));
        told["calibration"] = temperature.ToString("R", CultureInfo.InvariantCulture);
        return Temperature.Apply(head, temperature);
    }

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

    private Dictionary<string, string> Settings(ScratchArchitecture architecture, ReinitialisedNetwork fresh, TrainedNetwork trained)
    {
        static string Text(double value) => value.ToString("g6", CultureInfo.InvariantCulture);
        var told = new Dictionary<string, string>
        {
            ["trained"] = FromScratch.Part,
            ["architectureOf"] = backbone.Description.Name,
            ["size"] = $"{architecture.Description.Input.Height}x{architecture.Description.Input.Width}",
            ["batchNorms"] = $"{fresh.Model.Operators.GetValueOrDefault("BatchNormalization")}",
            ["optimizer"] = _training.Optimizer.GetType().Name,
            ["learningRate"] = Text(_training.LearningRate),
            ["schedule"] = $"{_training.Schedule.Over(_training.Epochs)}",
            ["epochsRun"] = $"{trained.Epochs.Count}",
            ["batchSize"] = $"{_training.BatchSize}",
            ["weightDecay"] = Text(_training.WeightDecay),
            ["seed"] = $"{_training.Seed}",
        };
        (string Name, string? Value)[] others =
        [
            ("labelSmoothing", _training.LabelSmoothing > 0 ? Text(_training.LabelSmoothing) : null),
            ("augment", settings.Augmentation?.Signature),
            ("zeroLastNorm", settings.ZeroLastNorm ? "true" : null),
            ("clipNorm", _training.ClipNorm is { } norm ? Text(norm) : null),
            ("patience", _training.Patience is { } patience ? $"{patience}" : null),
            ("classWeights", settings.ClassWeights?.Summary),
            ("huberDelta", settings.HuberDelta is { } delta ? Text(delta) : null),
            ("logTarget", settings.LogTarget ? "true" : null),
        ];
        foreach (var (name, value) in others.Where(other => other.Value is not null))
        {
            told[name] = value!;
        }

        return told;
    }

    // A run that is the same in all that decides its weights goes on where the last one ended.
    private string Checkpoint(PixelImages images, int[] train)
    {
        var items = images.Dataset.Items;
        string[] all =
        [
            backbone.Sha256, images.ContentSha256, $"{settings with { Output = null, PixelMemory = null }} {settings.ClassWeights?.Summary}", string.Join(',', train),
            string.Join(',', items.Select(item => $"{item.Label} {string.Join('|', item.LabelSet)} {item.Target} {string.Join('|', item.Targets)} {item.Weight}")),
        ];
        string folder = Path.Combine(cache.Folder, TunedBackbone.Folder);
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', all))))[..32]}.checkpoint");
    }
}
