using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>Makes a backbone of any ONNX image network: finds its input and its taps, runs it, and writes its description.</summary>
public static class BackboneImport
{
    /// <summary>
    /// Describes the network in the file <paramref name="path"/>, runs it for one image and for two, and writes the
    /// description: then <c>Backbone.Load(path)</c> works.
    /// </summary>
    /// <exception cref="BackboneException">It is no image network, something it does not tell is missing in the settings, or a description is there already.</exception>
    /// <exception cref="OnnxException">It is no ONNX file.</exception>
    /// <exception cref="InferenceException">ONNX Runtime cannot run it.</exception>
    public static ImportedBackbone Import(string path, ImportSettings? settings = null)
    {
        settings ??= new ImportSettings();
        var output = OutputPath(path, settings);
        var model = OnnxModel.Load(path);
        var analysis = ImportStudy.Of(model, settings);
        if (analysis.Missing.Count > 0)
        {
            throw new BackboneException($"{path}: does not tell {string.Join(", ", analysis.Missing.Select(m => m.ToLowerInvariant()))}; "
                + $"set ImportSettings.{string.Join(" and ImportSettings.", analysis.Missing)} to what the network was trained with");
        }

        var name = settings.Name ?? Path.GetFileNameWithoutExtension(path);
        var hash = ModelFile.Hash(path);
        (settings, analysis) = Inherit(settings, analysis, hash, output);
        CatalogueEntry Described() => new(BackboneDescription.Parse(DescriptionWriter.ToJson(analysis.Describe(name, Path.GetFileName(path), hash, settings)), output), output, path);
        var entry = Described();
        if (TrialRun.Of(model, entry) is { } fault)
        {
            // What was a fixed batch is one again; what claims to be dynamic cannot be used.
            var fixedBatch = ImageInput.Find(model, settings).Batch;
            analysis = fixedBatch > 0 && entry.Description.Input.Batch == 0
                ? Inherit(settings, ImportStudy.Of(model, settings, keepBatch: true), hash, output).Analysis
                : throw fault;
            entry = Described();
            if (TrialRun.Of(model, entry) is { } again)
            {
                throw again;
            }
        }

        DescriptionWriter.Write(entry.Description, output, settings.Overwrite);
        return new(entry.Description, output, analysis);
    }

    /// <summary>Looks at a graph without running it; <see cref="ImportAnalysis.Missing"/> says what it does not tell.</summary>
    /// <exception cref="BackboneException">It is no image network, or the settings do not fit it.</exception>
    public static ImportAnalysis Analyse(OnnxModel model, ImportSettings? settings = null) => ImportStudy.Of(model, settings ?? new ImportSettings());

    /// <summary>What the catalogue knows of a file of this hash: its source and licence, unless others are given.</summary>
    private static (ImportSettings Settings, ImportAnalysis Analysis) Inherit(ImportSettings settings, ImportAnalysis analysis, string hash, string output)
    {
        if (BackboneCatalogue.Default.Described(hash) is not { } known || Path.GetFullPath(known.DescriptionPath) == Path.GetFullPath(output))
        {
            return (settings, analysis);
        }

        var about = known.Description;
        settings = settings with
        {
            Source = settings.Source.Length > 0 ? settings.Source : about.Source,
            Licence = settings.Licence.Length > 0 ? settings.Licence : about.Licence,
        };
        return (settings, analysis with
        {
            Found = [$"It is '{about.Name}', which {known.DescriptionPath} describes already; a description beside the network goes before that one.", .. analysis.Found],
        });
    }

    private static string OutputPath(string path, ImportSettings settings)
    {
        var output = settings.Output ?? Path.ChangeExtension(path, ".json");
        if (!output.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            throw new BackboneException($"{output}: is to hold a description; expected a name that ends in .json");
        }

        return !File.Exists(output) || settings.Overwrite
            ? output
            : throw new BackboneException($"{output}: is there already; expected none: overwrite it (--overwrite), or write elsewhere (--output)");
    }
}
