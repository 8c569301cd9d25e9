using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads.Tuning;

namespace OnnxTransfer.Cli;

/// <summary>The options of <c>evaluate --transfer</c> beside those of the data and of embedding.</summary>
internal sealed class TransferOptions
{
    private const int LeastStepsUsual = 200;

    public Option<string?> Transfer { get; } = new("--transfer")
    {
        Description = "instead of measuring a model, measure what transfer buys on this data set: train from scratch, a probe on the frozen --backbone, and the backbone fine-tuned, on the same shares of the labels; no model is given then. The options of a training are the fine-tuning's",
        HelpName = "data",
    };

    public Option<string> Ways { get; } = new("--ways") { Description = "which ways are compared: scratch, probe, fine-tuned", DefaultValueFactory = _ => "scratch,probe,fine-tuned" };

    public Option<string> Shares { get; } = new("--shares") { Description = "percentages of the labels to learn from, nested and stratified; every class keeps at least one item", DefaultValueFactory = _ => "1,5,10,25,100" };

    public Option<int> Repeats { get; } = new("--repeats") { Description = "draw the labels and train so often; the mean is told", DefaultValueFactory = _ => 1 };

    public Option<string?> Source { get; } = new("--source") { Description = "the classes that the backbone learned, or others: how much worse a probe on them is after the fine-tuning on all labels is measured too" };

    public Option<string> Unfreeze { get; } = new("--unfreeze") { Description = "what is fine-tuned: a tap, its stage and all after it; last, the last stage; or all", DefaultValueFactory = _ => "last" };

    public Option<string?> UnfreezeAfter { get; } = new("--unfreeze-after") { Description = "fine-tune all behind this tensor, instead of --unfreeze" };

    public ScratchOptions Scratch { get; } = new();

    public Option<int?> ScratchEpochs { get; } = new("--scratch-epochs") { Description = "passes over the images from scratch, which takes more than fine-tuning (default: those of the recipe)" };

    public Option<double?> ScratchLearningRate { get; } = new("--scratch-learning-rate") { Description = "the highest learning rate from scratch (default: that of the recipe; a network without norms wants a tenth of it)" };

    public Option<int> LeastSteps { get; } = new("--least-steps") { Description = "train for more epochs where few labels would make fewer steps than these", DefaultValueFactory = _ => LeastStepsUsual };

    public Option<double> Test { get; } = new("--test") { Description = "share of every class to test on, where the data has no test split of its own", DefaultValueFactory = _ => 0.2 };

    public Option<double> Validation { get; } = new("--validation") { Description = "share of a task's labels on which settings and the best epoch are chosen; the probe is fitted on all in the end, networks are not", DefaultValueFactory = _ => 0.2 };

    public Option<string?> Results { get; } = new("--results") { Description = "JSON file that keeps every finished training, so that an interrupted run goes on there; two runs at once each need their own (default: transfer.json in the cache)" };

    public Option<string?> Markdown { get; } = new("--markdown") { Description = "write the table, with versions and machine, to this file too" };

    public TuneOptions Tune { get; } = new(FineTuning.UsualTraining);

    public TransferOptions()
    {
        Scratch.Size.Description = "for the training from scratch: rows and columns of the network's input, such as 64x64; a smaller one trains sooner (default: the backbone's)";
        Scratch.Normalise.Description = "for the training from scratch: batch norms beside those of the graph, auto, batch or none, as 'train --from-scratch' takes them (default: auto)";
    }

    /// <summary>The fine-tuning that is asked for, without views.</summary>
    /// <exception cref="UsageException">A value is none of its option's, or two contradict each other.</exception>
    public FineTuning Tuning(ParseResult parsed) => new()
    {
        Unfreeze = parsed.GetValue(Unfreeze)!,
        UnfreezeAfter = parsed.GetValue(UnfreezeAfter),
        Training = Tune.Apply(parsed),
        HeldOut = parsed.GetValue(Validation),
    };

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        Tune.AddTo(command);
    }

    /// <summary>Refuses what was given of these options where a model is measured.</summary>
    public void RefuseAll(ParseResult parsed)
    {
        if (Array.Find(All, option => parsed.GetResult(option) is { Implicit: false }) is { } unread)
        {
            throw new UsageException($"{unread.Name}: says how transfer is measured; say --transfer DATA instead of a model, or leave it out");
        }

        Tune.RefuseAll(parsed, "--transfer DATA");
    }

    /// <summary>The names in --ways, in the order in which they are told.</summary>
    public string[] WayNames(ParseResult parsed)
    {
        string[] known = [TransferWay.Scratch, TransferWay.Probe, TransferWay.FineTuned];
        var given = DataOptions.List(parsed.GetValue(Ways))!;
        return given.Length > 0 && given.All(known.Contains)
            ? [.. known.Where(given.Contains)]
            : throw new UsageException($"--ways {parsed.GetValue(Ways)}: expected some of {string.Join(", ", known)}, separated by commas");
    }

    /// <summary>The shares in --shares, from 0 to 1.</summary>
    public double[] ShareValues(ParseResult parsed)
    {
        var parts = DataOptions.List(parsed.GetValue(Shares))!;
        double[] values = [.. parts.Select(part => double.TryParse(part.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value : double.NaN)];
        return values.Length > 0 && values.All(value => value is > 0 and <= 100)
            ? Array.ConvertAll(values, value => value / 100)
            : throw new UsageException($"--shares {parsed.GetValue(Shares)}: expected percentages above 0, up to 100, separated by commas, such as 1,10,100");
    }

    private Option[] All => [Transfer, Ways, Shares, Repeats, Source, Unfreeze, UnfreezeAfter, Scratch.Size, Scratch.Normalise, ScratchEpochs, ScratchLearningRate, LeastSteps, Test, Validation, Results, Markdown];
}
