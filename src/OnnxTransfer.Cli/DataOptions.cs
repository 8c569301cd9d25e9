using System.CommandLine;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Cli;

/// <summary>What says which data set is meant, for every verb that takes one.</summary>
internal sealed class DataOptions
{
    public Argument<string> Data { get; } = new("data")
    {
        Description = "a folder of images (class per sub-folder; train, val and test folders are honoured), a .csv or .tsv manifest, a folder of idx files (MNIST) or of CIFAR binaries",
    };

    public Option<string?> Path { get; } = new("--path-column") { Description = "manifest: the column of image files (default: path, file, image or filename)" };

    public Option<string?> Label { get; } = new("--label") { Description = "manifest: the column of class names (default: label or class)" };

    public Option<string?> Labels { get; } = new("--labels") { Description = "manifest: the column with any number of class names, separated by | or ; (default: labels)" };

    public Option<string?> Target { get; } = new("--target") { Description = "manifest: the column of numbers to predict (default: target, value or y), or several columns separated by commas" };

    public Option<string?> Split { get; } = new("--split-column") { Description = "manifest: the column with train, val or test (default: split)" };

    public Option<string?> Weight { get; } = new("--weight-column") { Description = "manifest: the column of weights (default: weight)" };

    public Option<string?> Group { get; } = new("--group") { Description = "manifest: rows with the same value here stay in one split and fold (default: group)" };

    public Option<string?> AverageBy { get; } = new("--average-by") { Description = "manifest: rows with the same value here are photos of one item; their embeddings are averaged" };

    public Option<string?> Numbers { get; } = new("--numbers") { Description = "manifest: numeric columns appended to the embedding, separated by commas" };

    public Option<string?> ClassNames { get; } = new("--class-names") { Description = "idx files: names of the classes in label order, separated by commas" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Data);
        foreach (var option in new Option[] { Path, Label, Labels, Target, Split, Weight, Group, AverageBy, Numbers, ClassNames })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Opens the data set; <paramref name="numbers"/> are the columns a model wants, where the user names none.</summary>
    public Dataset Open(ParseResult parsed, IReadOnlyList<string>? numbers = null) => Open(parsed, parsed.GetValue(Data)!, numbers);

    /// <summary>Opens another data set, read as the first is.</summary>
    public Dataset Open(ParseResult parsed, string path, IReadOnlyList<string>? numbers = null)
    {
        var columns = new ManifestColumns
        {
            Path = parsed.GetValue(Path),
            Label = parsed.GetValue(Label),
            Labels = parsed.GetValue(Labels),
            Targets = parsed.GetValue(Target)?.Split(',', StringSplitOptions.TrimEntries) ?? [],
            Split = parsed.GetValue(Split),
            Weight = parsed.GetValue(Weight),
            Group = parsed.GetValue(Group),
            AverageBy = parsed.GetValue(AverageBy),
            Numbers = List(parsed.GetValue(Numbers)) ?? numbers ?? [],
        };
        var given = new Option[] { Path, Label, Labels, Target, Split, Weight, Group, AverageBy, Numbers }.Any(option => parsed.GetResult(option) is not null) || columns.Numbers.Count > 0;
        return DatasetReader.Open(path, given ? columns : null, List(parsed.GetValue(ClassNames)));
    }

    /// <summary>Refuses a file to be written where its folder is not there, before any work.</summary>
    internal static void NeedFolder(Option option, string file)
    {
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder))
        {
            throw new UsageException($"{option.Name} {file}: no such folder {folder}; make it first");
        }
    }

    internal static string[]? List(string? text) =>
        text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
