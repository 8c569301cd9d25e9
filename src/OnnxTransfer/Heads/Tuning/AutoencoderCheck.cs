using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Refuses what no autoencoder can be made of, before anything is read.</summary>
internal static class AutoencoderCheck
{
    /// <summary>Settings, and the file to be written.</summary>
    public static void Settings(Autoencoder settings, string output, bool onEmbeddings)
    {
        var (height, width) = settings.Size;
        int[] layers = [.. settings.Kind == AutoencoderKind.Dense ? settings.Hidden : settings.Channels];
        if (settings.CodeWidth < 1 || height < 1 || width < 1 || layers.Any(size => size < 1) || !(settings.Validation is > 0 and < 1))
        {
            throw new TrainingException(FormattableString.Invariant(
                $"an autoencoder of CodeWidth = {settings.CodeWidth}, Size = {height} x {width}, layers {string.Join(", ", layers)}, Validation = {settings.Validation}; ")
                + "expected widths and sizes of at least 1, Validation above 0 and below 1");
        }

        if (onEmbeddings && settings.Kind != AutoencoderKind.Dense)
        {
            throw new TrainingException("a convolutional autoencoder on embeddings, which have no rows and columns; expected a dense one there, or pixels");
        }

        if (settings.Kind == AutoencoderKind.Convolutional && (layers.Length == 0 || Math.Min(height, width) >> layers.Length == 0))
        {
            throw new TrainingException(
                $"a convolutional autoencoder that halves {height} x {width} pixels {layers.Length} times; expected at least one halving and a place left at the end: change Channels or Size");
        }

        Output(output, settings.Overwrite);
    }

    /// <summary>That there are enough images.</summary>
    public static void Rows(int found, int least, string source)
    {
        if (found < least)
        {
            throw new TrainingException($"{source}: {found} images to train an autoencoder on; expected at least {least}, test images not counted");
        }
    }

    private static void Output(string output, bool overwrite)
    {
        if (!output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new TrainingException($"{output}: is to hold a backbone; expected a name that ends in .onnx");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(output)) is { } folder && !Directory.Exists(folder))
        {
            throw new TrainingException($"{output}: no such folder {folder}; make it first");
        }

        string[] files = [output, Path.ChangeExtension(output, ".json"), EncoderFile.GoldenImage(output)];
        if (!overwrite && Array.Find(files, File.Exists) is { } there)
        {
            throw new TrainingException($"{there}: is there already; expected none: overwrite it (--overwrite), or write elsewhere (--output)");
        }
    }
}
