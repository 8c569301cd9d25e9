using System.CommandLine;

namespace OnnxTransfer.Cli;

/// <summary>The options of <c>train</c>.</summary>
internal sealed class TrainOptions
{
    public const string Logistic = "logistic";
    public const string Ridge = "ridge";

    public DataOptions Data { get; } = new();

    public EmbedOptions Embed { get; } = new();

    public Option<string?> Head { get; } = new("--head") { Description = "logistic for classes, ridge for numbers (default: what the data asks for)" };

    public Option<string?> Output { get; } = new("--output", "-o") { Description = "write one ONNX file: uint8 pixels in, class probabilities or a number out" };

    public Option<double> Test { get; } = new("--test") { Description = "share of every class to test on, where the data has no test split of its own", DefaultValueFactory = _ => 0.2 };

    public Option<double> Validation { get; } = new("--validation") { Description = "share of the rest to choose the L2 on, where the data has no validation split of its own", DefaultValueFactory = _ => 0.2 };

    public Option<int> Seed { get; } = new("--seed") { Description = "decides splits, folds and intervals", DefaultValueFactory = _ => 0 };

    public Option<int?> Folds { get; } = new("--folds") { Description = "cross-validate with so many folds, groups kept together; without a test split of its own the data is then not split, and all of it is fitted on" };

    public Option<int> Repeats { get; } = new("--repeats") { Description = "repeat the cross-validation with other folds", DefaultValueFactory = _ => 1 };

    public Option<double?> L2 { get; } = new("--l2") { Description = "the penalty (default: chosen on validation from a log-spaced path)" };

    public Option<bool> LogTarget { get; } = new("--log-target") { Description = "fit the logarithm of the target, such as a price; predictions are in the target's own unit" };

    public Option<string?> Compare { get; } = new("--compare") { Description = "also fit the same head on another backbone, such as pixels-28x28-grey, and show both" };

    public Option<bool> Json { get; } = new("--json") { Description = "print one JSON object" };

    public void AddTo(Command command)
    {
        Data.AddTo(command);
        Embed.AddTo(command);
        Head.AcceptOnlyFromAmong(Logistic, Ridge);
        foreach (var option in new Option[] { Head, Output, Test, Validation, Seed, Folds, Repeats, L2, LogTarget, Compare, Json })
        {
            command.Options.Add(option);
        }
    }
}
