using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Datasets;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>Which part of the backbone <c>train</c> fine-tunes, and where the new backbone goes.</summary>
internal sealed class UnfreezeOptions
{
    public Option<string?> Unfreeze { get; } = new("--unfreeze")
    {
        Description = "fine-tune a stage of the backbone and all after it together with the head: a tap such as layer4, last (the last stage of feature maps), or all, on pixels. What lies before runs once an image; its values are kept in the cache",
    };

    public Option<string?> After { get; } = new("--unfreeze-after") { Description = "the same for all that follows this tensor of the network, which everything must pass ('models inspect' lists taps)" };

    public Option<double?> RateRatio { get; } = new("--rate-ratio")
    {
        Description = $"how many times as fast the head learns as the network's first stage; those between evenly spaced, by logarithm (default: {new FineTuning().RateRatio})",
    };

    public Option<double?> Mixup { get; } = new("--mixup")
    {
        Description = "mix the frozen part's values of every image with those of another one, and their answers likewise, by a share of Beta(a, a): 0.2; 0: none (default: 0)",
    };

    public Option<string?> TunedBackbone { get; } = new("--tuned-backbone") { Description = "write the new backbone to this .onnx file, its description beside it (default: tuned in the cache)" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { Unfreeze, After, RateRatio, Mixup, TunedBackbone })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether anything shall be fine-tuned.</summary>
    public bool IsAsked(ParseResult parsed) => parsed.GetValue(Unfreeze) is not null || parsed.GetValue(After) is not null;

    /// <summary>Refuses, before any work, what does not go together with fine-tuning; or without it.</summary>
    public void Check(ParseResult parsed, TrainOptions options, Dataset dataset)
    {
        if (!IsAsked(parsed))
        {
            var idle = options.Scratch.IsAsked(parsed) ? new Option[] { RateRatio, Mixup } : [RateRatio, Mixup, TunedBackbone];
            if (Array.Find(idle, option => Given(parsed, option)) is { } unread)
            {
                throw new UsageException($"{unread.Name}: is for fine-tuning; say --unfreeze too, or leave it out");
            }

            return;
        }

        if (parsed.GetValue(Unfreeze) is not null && parsed.GetValue(After) is not null)
        {
            throw new UsageException("--unfreeze and --unfreeze-after both say where training begins; give one of them");
        }

        var head = options.Head;
        (Option Option, string Why)[] contradictions =
        [
            (head.Set, "fine-tuning trains a linear head, by --epochs, --learning-rate and so on"),
            (head.Metric, "is what --head auto compares by"),
            (head.Sampling, "repeats or leaves out rows; --class-weights does as much here"),
            (options.Folds, "would fine-tune once a fold; leave it out"),
            (options.Source, "joins the fit of a head alone"),
            (options.Compare, "the frozen backbone is compared with already"),
            (options.Data.Numbers, "fine-tuning learns from images alone"),
            (options.Data.AverageBy, "averages embeddings, and fine-tuning takes one image an item"),
        ];
        if (Array.Find(contradictions, pair => Given(parsed, pair.Option)) is { Option: { } wrong } found)
        {
            throw new UsageException($"{wrong.Name}: does not go together with {Name(parsed)}: {found.Why}; leave one of them out");
        }

        string usual = HeadKinds.DefaultFor(HeadChoice.TaskOf(dataset));
        if (parsed.GetValue(head.Head) is { } named && named != usual)
        {
            throw new UsageException($"--head {named}: {Name(parsed)} trains the head that begins as {usual}; leave --head out, or fit it on the new backbone afterwards (--backbone)");
        }

        CheckTraining(parsed, options, dataset, FineTuning.UsualTraining);
        if (parsed.GetValue(RateRatio) is { } ratio && !(ratio >= 1 && double.IsFinite(ratio)))
        {
            throw new UsageException($"--rate-ratio {ratio.ToString(CultureInfo.InvariantCulture)}: expected 1 or more");
        }

        if (parsed.GetValue(Mixup) is { } mixup && !(mixup >= 0 && double.IsFinite(mixup)))
        {
            throw new UsageException($"--mixup {mixup.ToString(CultureInfo.InvariantCulture)}: expected 0 or more");
        }

        if (parsed.GetValue(Mixup) > 0 && parsed.GetValue(Unfreeze) == FineTuning.All)
        {
            throw new UsageException("--mixup: mixes what the frozen part gives, and --unfreeze all freezes nothing; leave it out, or augment the images by --views and --augment");
        }
    }

    /// <summary>Refuses what no training can be asked for, be it of a stage or from scratch.</summary>
    public void CheckTraining(ParseResult parsed, TrainOptions options, Dataset dataset, TrainingSettings usual)
    {
        if (dataset.IsRegression && Given(parsed, options.Tune.LabelSmoothing))
        {
            throw new UsageException($"{options.Tune.LabelSmoothing.Name} is for classes and labels, and the data has numbers to predict; leave it out");
        }

        _ = options.Tune.Apply(parsed, usual);
        if (parsed.GetValue(TunedBackbone) is { } file)
        {
            if (!file.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) || Directory.Exists(file))
            {
                throw new UsageException($"--tuned-backbone {file}: expected the name of a file that ends in .onnx");
            }

            DataOptions.NeedFolder(TunedBackbone, file);
        }
    }

    /// <summary>What was asked for.</summary>
    public FineTuning Of(ParseResult parsed, TrainOptions options, Backbone backbone, double heldOut, int seed)
    {
        var usual = new FineTuning();
        return usual with
        {
            Unfreeze = parsed.GetValue(Unfreeze) ?? usual.Unfreeze,
            UnfreezeAfter = parsed.GetValue(After),
            Training = TuneOptions.On(backbone, options.Tune.Apply(parsed)) with { Seed = seed, Threads = parsed.GetValue(options.Embed.Threads) },
            RateRatio = parsed.GetValue(RateRatio) ?? usual.RateRatio,
            Mixup = parsed.GetValue(Mixup) ?? usual.Mixup,
            L2 = parsed.GetValue(options.Head.L2),
            ClassWeights = options.Head.Rebalancing(parsed, seed),
            LogTarget = parsed.GetValue(options.Head.LogTarget),
            Calibrate = !parsed.GetValue(options.Head.NoCalibration),
            Views = options.Views.ToFit(parsed),
            HeldOut = heldOut,
            Output = parsed.GetValue(TunedBackbone),
        };
    }

    private string Name(ParseResult parsed) => parsed.GetValue(After) is null ? Unfreeze.Name : After.Name;

    private static bool Given(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
