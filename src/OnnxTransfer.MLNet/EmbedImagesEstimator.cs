using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>Embeds the images that a text column names, in any pipeline. There is nothing to fit: the backbone is frozen.</summary>
public sealed class EmbedImagesEstimator : IEstimator<EmbedImagesTransformer>
{
    private readonly string _output;
    private readonly string _input;
    private readonly Func<EmbedImagesTransformer> _make;

    internal EmbedImagesEstimator(string outputColumnName, string inputColumnName, Backbone backbone, EmbeddingCache cache, EmbedImagesSettings settings)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        ArgumentException.ThrowIfNullOrEmpty(inputColumnName);
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(cache);
        (_output, _input) = (outputColumnName, inputColumnName);
        _make = () => new EmbedImagesTransformer(outputColumnName, inputColumnName, backbone, cache, settings);
    }

    /// <summary>The transformer; of <paramref name="input"/>, only the columns are looked at.</summary>
    /// <exception cref="OnnxTransferException">The column of paths is missing, or holds no text.</exception>
    public EmbedImagesTransformer Fit(IDataView input)
    {
        var transformer = _make();
        transformer.Bind(input.Schema);
        return transformer;
    }

    /// <summary>The input's columns and the embedding, a vector of D floats.</summary>
    /// <inheritdoc cref="Fit" path="/exception"/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var column = inputSchema.FirstOrDefault(c => c.Name == _input);
        if (column.Name is null)
        {
            throw NoColumn(_input, inputSchema.Select(c => c.Name));
        }

        return column.ItemType is TextDataViewType && column.Kind == SchemaShape.Column.VectorKind.Scalar
            ? ColumnShapes.Append(inputSchema, (_output, ColumnShapes.Vector, null))
            : throw NoText(_input, column.Kind == SchemaShape.Column.VectorKind.Scalar ? $"{column.ItemType}" : $"a vector of {column.ItemType}");
    }

    internal static OnnxTransferException NoColumn(string name, IEnumerable<string> names) => new(
        $"EmbedImages: the input has no column '{name}'; its columns are {string.Join(", ", names)}; name the one that holds the paths of the images");

    internal static OnnxTransferException NoText(string name, string type) => new(
        $"EmbedImages: column '{name}' holds {type}; expected text, the path of an image");
}
