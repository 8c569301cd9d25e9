using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The backbones described in a list of folders. Of two of one name, one whose ONNX file is there counts before one whose
/// file is not, then one with a hash before one without, then that of the earlier folder. An ONNX file lies beside its
/// description or in any of the folders.
/// </summary>
public sealed class BackboneCatalogue
{
    /// <summary>The environment variable that names further folders, separated as in PATH.</summary>
    public const string FolderVariable = "ONNXTRANSFER_MODELS";

    /// <summary>A catalogue of these folders; those that do not exist are empty.</summary>
    public BackboneCatalogue(params IEnumerable<string> folders) =>
        Folders = [.. folders.Select(Path.GetFullPath).Distinct()];

    /// <summary>The folders of ONNXTRANSFER_MODELS, ./models, and models beside the application, in this order.</summary>
    public static BackboneCatalogue Default => new([
        .. (Environment.GetEnvironmentVariable(FolderVariable) ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        "models",
        Path.Combine(AppContext.BaseDirectory, "models")]);

    /// <summary>The folders, searched in this order.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>All backbones by name; descriptions that cannot be read are left out (see <see cref="Problems"/>).</summary>
    public IReadOnlyList<CatalogueEntry> List() => [.. All().OrderBy(Rank)
        .DistinctBy(e => e.Description.Name).OrderBy(e => e.Description.Name, StringComparer.Ordinal)];

    /// <summary>What is wrong with the descriptions that cannot be read, one whole message each.</summary>
    public IReadOnlyList<string> Problems() => [.. Read().Select(r => r.Problem).OfType<string>()];

    /// <summary>The backbone of this name, or that of a path to an .onnx file (its description beside it) or to a description.</summary>
    /// <exception cref="BackboneException">There is none; the message lists the names there are, or says what is missing.</exception>
    public CatalogueEntry Find(string nameOrPath)
    {
        if (nameOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return Entry(nameOrPath);
        }

        if (nameOrPath.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            return (File.Exists(nameOrPath) ? Describing(nameOrPath) : null) ?? throw Undescribed(nameOrPath);
        }

        var all = List();
        if (all.FirstOrDefault(e => e.Description.Name == nameOrPath) is { } found)
        {
            return found;
        }

        var known = all.Count > 0 ? $"known are {NearNames.List(nameOrPath, all.Select(e => e.Description.Name))}" : "no backbone is described there";
        throw new BackboneException($"backbone '{nameOrPath}': not in {string.Join(", ", Folders)}; {known}. "
            + $"Give one of these, the path of an .onnx file with its description beside it, or name further folders in {FolderVariable}"
            + string.Concat(Problems().Select(p => $"\nunreadable: {p}")));
    }

    /// <summary>
    /// What describes the ONNX file: a description beside it, or in the folders one of its hash (a file in a folder that
    /// cannot be written to is described elsewhere), or one without hash of its name and tensors; null where none does.
    /// </summary>
    internal CatalogueEntry? Describing(string modelPath)
    {
        var beside = Path.ChangeExtension(modelPath, ".json");
        if (File.Exists(beside))
        {
            return new(BackboneDescription.Load(beside), beside, modelPath);
        }

        if (Described(ModelFile.Hash(modelPath)) is { } described)
        {
            return described with { ModelPath = modelPath };
        }

        var model = OnnxModel.Load(modelPath);
        return !model.IsFused() && ByName(modelPath, model) is ({ } namesake, []) ? namesake with { ModelPath = modelPath } : null;
    }

    /// <summary>The first description of a file of this hash; null where there is none.</summary>
    internal CatalogueEntry? Described(string hash) => All().FirstOrDefault(entry => entry.Description.Sha256 == hash);

    private BackboneException Undescribed(string modelPath)
    {
        if (!File.Exists(modelPath))
        {
            return new($"{modelPath}: not there; expected the ONNX file of a backbone");
        }

        var model = OnnxModel.Load(modelPath);
        if (model.IsFused())
        {
            return new($"{modelPath}: a fused model, from pixels to answer; expected a backbone: use predict or evaluate with it");
        }

        var (namesake, lacking) = ByName(modelPath, model);
        var other = namesake is null ? "" : $" ({namesake.DescriptionPath} speaks of a file of this name, but this one lacks its tensors {string.Join(", ", lacking)})";
        return new($"{modelPath}: has no description, neither beside it nor, by its hash, in {string.Join(", ", Folders)}{other}; "
            + $"a file {Path.ChangeExtension(modelPath, ".json")} must say what the network wants and where it is tapped: 'onnxtransfer models import {modelPath}' (BackboneImport.Import) writes it, "
            + $"or write it by hand (this file's sha256 is {ModelFile.Hash(modelPath)}):\n{DescriptionReader.Example}");
    }

    /// <summary>
    /// The description that gives no hash and speaks of a file of this name, with what the graph lacks of its tensors. One
    /// that fits comes first.
    /// </summary>
    private (CatalogueEntry? Entry, string[] Lacking) ByName(string modelPath, OnnxModel model)
    {
        var tensors = model.TensorNames.Concat(model.Inputs.Select(i => i.Name)).ToHashSet(StringComparer.Ordinal);
        return All().Select(e => (Entry: (CatalogueEntry?)e, About: e.Description))
            .Where(e => e.About.Sha256.Length == 0 && e.About.File == Path.GetFileName(modelPath))
            .Select(e => (e.Entry, Lacking: e.About.Taps.Select(t => t.Tensor).Prepend(e.About.Input.Tensor).Where(t => !tensors.Contains(t)).ToArray()))
            .OrderBy(e => e.Lacking.Length).FirstOrDefault((null, []));
    }

    private CatalogueEntry Entry(string descriptionPath)
    {
        var description = BackboneDescription.Load(descriptionPath);
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(descriptionPath))!, description.File);
        var elsewhere = Folders.Select(folder => Path.Combine(folder, description.File)).FirstOrDefault(File.Exists);
        return new(description, descriptionPath, File.Exists(beside) ? beside : elsewhere ?? beside);
    }

    private IEnumerable<CatalogueEntry> All() => Read().Select(r => r.Entry).OfType<CatalogueEntry>();

    private static int Rank(CatalogueEntry entry) => !File.Exists(entry.ModelPath) ? 2 : entry.Description.Sha256.Length == 0 ? 1 : 0;

    private IEnumerable<(CatalogueEntry? Entry, string? Problem)> Read()
    {
        foreach (var path in Folders.Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)))
        {
            (CatalogueEntry? Entry, string? Problem) read;
            try
            {
                read = (Entry(path), null);
            }
            catch (BackboneException e)
            {
                read = (null, e.Message);
            }

            yield return read;
        }
    }
}
