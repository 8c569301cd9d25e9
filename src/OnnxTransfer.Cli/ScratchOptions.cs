using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Heads.Tuning;

namespace OnnxTransfer.Cli;

/// <summary>How <c>train --from-scratch</c> trains a backbone's architecture from fresh weights.</summary>
internal sealed class ScratchOptions
{
    private static readonly FromScratch Usual = new();

    public ScratchOptions()
    {
        Normalise.AcceptOnlyFromAmong("auto", "batch", "none");
        Initialisation.AcceptOnlyFromAmong("kaiming", "uniform");
    }

    public Option<bool> FromScratch { get; } = new("--from-scratch")
    {
        Description = string.Create(
            CultureInfo.InvariantCulture,
            $"train the backbone's architecture on the data alone, from fresh weights (Kaiming), and a linear head with it. Defaults are then {Usual.Training.Epochs} epochs of sgd at a learning rate of up to "
            + $"{Usual.Training.LearningRate} in one cycle, which rises for a fifth of them, steps of {Usual.Training.BatchSize}, weight decay {Usual.Training.WeightDecay}, --augment {Usual.Augmentation!.Signature}; --validation 0 holds nothing out"),
    };

    public Option<string?> Size { get; } = new("--scratch-size") { Description = "with --from-scratch: rows and columns of the network's input, such as 64x64 (default: the backbone's)" };

    public Option<string?> Normalise { get; } = new("--normalise")
    {
        Description = "with --from-scratch: batch norms beside those of the graph: auto (where they were folded into a residual network or one of depthwise convolutions, they are put back), batch (behind every convolution) or none (default: auto)",
    };

    public Option<string?> Initialisation { get; } = new("--init")
    {
        Description = "with --from-scratch: how convolutions are drawn: kaiming, as torchvision draws a ResNet's, or uniform, as torch.nn.Conv2d does by itself (default: kaiming)",
    };

    public Option<bool> ZeroLastNorm { get; } = new("--zero-last-norm") { Description = "with --from-scratch: the last norm of each residual branch starts at 0, so that the block starts as its shortcut" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { FromScratch, Size, Normalise, Initialisation, ZeroLastNorm })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether anything shall be trained from fresh weights.</summary>
    public bool IsAsked(ParseResult parsed) => parsed.GetValue(FromScratch);

    /// <summary>Refuses, before any work, what does not go together with training from scratch; or without it.</summary>
    public void Check(ParseResult parsed, TrainOptions options, Dataset dataset)
    {
        if (!IsAsked(parsed))
        {
            if (Array.Find<Option>([Size, Normalise, Initialisation, ZeroLastNorm], option => Given(parsed, option)) is { } unread)
            {
                throw new UsageException($"{unread.Name}: is for networks of fresh weights; say {FromScratch.Name} too, or leave it out");
            }

            return;
        }

        var (head, embed, fine) = (options.Head, options.Embed, options.Unfreeze);
        (Option Option, string Why)[] contradictions =
        [
            (fine.Unfreeze, "keeps the backbone's weights to begin with"),
            (fine.After, "keeps the backbone's weights to begin with"),
            (head.Head, "a linear head is trained with the network; another one can be fitted on the new backbone afterwards (--backbone)"),
            (head.Set, "the head is trained with the network, by --epochs, --learning-rate and so on"),
            (head.L2, "the head is trained with the network, by --weight-decay"),
            (head.Metric, "is what --head auto compares by"),
            (head.Sampling, "repeats or leaves out rows; --class-weights does as much here"),
            (options.Folds, "would train once a fold; leave it out"),
            (options.Source, "joins the fit of a head alone"),
            (options.Compare, "is for heads on embeddings; 'evaluate --transfer' compares"),
            (options.Views.Views, "are views that are embedded once; here images are augmented anew in every epoch"),
            (options.Views.ViewSeed, "--seed decides what is drawn"),
            (options.Views.TestViews, "average a head's answers"),
            (embed.Pooling, "the network ends as its description says; --tap names another end"),
            (embed.L2Normalize, "is for heads on embeddings"),
            (embed.Precision, "weights are trained in float32; convert the result"),
            (options.Data.Numbers, "a network is trained on images alone"),
            (options.Data.AverageBy, "averages embeddings, and a network is trained on one image an item"),
        ];
        if (Array.Find(contradictions, pair => Given(parsed, pair.Option)) is { Option: { } wrong } found)
        {
            throw new UsageException($"{wrong.Name}: does not go together with {FromScratch.Name}: {found.Why}; leave one of them out");
        }

        if (parsed.GetValue(embed.Tap) is { } tap && tap.AsSpan().ContainsAny(',', ':'))
        {
            throw new UsageException($"--tap {tap}: the network ends with one tap, pooled as its description says; expected its name");
        }

        _ = SizeOf(parsed);
        fine.CheckTraining(parsed, options, dataset, Usual.Training);
    }

    /// <summary>What was asked for.</summary>
    public FromScratch Of(ParseResult parsed, TrainOptions options, Backbone backbone, double heldOut, int seed) => Usual with
    {
        Training = TuneOptions.On(backbone, options.Tune.Apply(parsed, Usual.Training)) with { Seed = seed, Threads = parsed.GetValue(options.Embed.Threads) },
        Augmentation = Given(parsed, options.Views.Augment) ? options.Views.Augmentation(parsed) is { Signature: not "none" } asked ? asked : null : Usual.Augmentation,
        Normalise = NormaliseOf(parsed),
        Initialisation = parsed.GetValue(Initialisation) == "uniform" ? OnnxTransfer.Heads.Tuning.Initialisation.Uniform : OnnxTransfer.Heads.Tuning.Initialisation.Kaiming,
        ZeroLastNorm = parsed.GetValue(ZeroLastNorm),
        Tap = parsed.GetValue(options.Embed.Tap),
        Height = SizeOf(parsed)?.Height,
        Width = SizeOf(parsed)?.Width,
        ClassWeights = options.Head.Rebalancing(parsed, seed),
        LogTarget = parsed.GetValue(options.Head.LogTarget),
        Calibrate = !parsed.GetValue(options.Head.NoCalibration),
        HeldOut = heldOut,
        Output = parsed.GetValue(options.Unfreeze.TunedBackbone),
    };

    /// <summary>The input asked for; null: the backbone's.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public (int Height, int Width)? SizeOf(ParseResult parsed)
    {
        if (parsed.GetValue(Size) is not { } text)
        {
            return null;
        }

        string[] sides = text.Split('x');
        return sides.Length == 2 && Side(sides[0]) is { } height && Side(sides[1]) is { } width
            ? (height, width)
            : throw new UsageException($"{Size.Name} {text}: expected rows x columns of 1 to 8192 each, such as 64x64");
    }

    /// <summary>The norms asked for.</summary>
    public Normalise NormaliseOf(ParseResult parsed) => Enum.Parse<Normalise>(parsed.GetValue(Normalise) ?? "auto", ignoreCase: true);

    private static int? Side(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int side) && side is >= 1 and <= 8192 ? side : null;

    private static bool Given(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
