using System.CommandLine;
using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Heads.Tuning;

namespace OnnxTransfer.Cli;

/// <summary>The options of <c>train</c>.</summary>
internal sealed class TrainOptions
{
    /// <summary>What --compare calls the columns of --numbers without any image.</summary>
    public const string NumbersAlone = "numbers";

    public DataOptions Data { get; } = new();

    public EmbedOptions Embed { get; } = new();

    public ViewOptions Views { get; } = new();

    public HeadChoice Head { get; } = new();

    public UnfreezeOptions Unfreeze { get; } = new();

    public ScratchOptions Scratch { get; } = new();

    public TuneOptions Tune { get; } = new(FineTuning.UsualTraining);

    public Option<string?> Output { get; } = new("--output", "-o") { Description = "write one ONNX file: uint8 pixels in, class probabilities or a number out" };

    public Option<double> Test { get; } = new("--test") { Description = "share of every class to test on, where the data has no test split of its own", DefaultValueFactory = _ => 0.2 };

    public Option<double> Validation { get; } = new("--validation") { Description = "share of the rest to choose settings and to calibrate on, where the data has no validation split of its own", DefaultValueFactory = _ => 0.2 };

    public Option<int> Seed { get; } = new("--seed") { Description = "decides splits, folds and intervals", DefaultValueFactory = _ => 0 };

    public Option<int?> Folds { get; } = new("--folds") { Description = "cross-validate with so many folds, groups kept together; without a test split of its own the data is then not split, and all of it is fitted on" };

    public Option<int> Repeats { get; } = new("--repeats") { Description = "repeat the cross-validation with other folds", DefaultValueFactory = _ => 1 };

    public Option<string?> Source { get; } = new("--source") { Description = "another data set of the same kind, read as the first is, whose rows join the fit but are never measured on; the shift between the two is reported" };

    public Option<double> SourceWeight { get; } = new("--source-weight") { Description = "what all rows of --source weigh together, where those of the data weigh 1", DefaultValueFactory = _ => 0.5 };

    public Option<string?> Compare { get; } = new("--compare") { Description = "also fit the same head on another backbone, such as pixels-28x28-grey, or on the columns of --numbers alone (numbers), and show both" };

    public Option<bool> Json { get; } = new("--json") { Description = "print one JSON object" };

    public void AddTo(Command command)
    {
        Data.AddTo(command);
        Embed.AddTo(command);
        Views.AddTo(command, fits: true, answers: true, onPixels: $"With {Scratch.FromScratch.Name}");
        foreach (var option in Head.All.Concat([Output, Test, Validation, Seed, Folds, Repeats, Source, SourceWeight, Compare, Json]))
        {
            command.Options.Add(option);
        }

        Unfreeze.AddTo(command);
        Scratch.AddTo(command);
        Tune.AddTo(command);
    }
}
