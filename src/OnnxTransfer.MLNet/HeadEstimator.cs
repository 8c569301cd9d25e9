using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>A head of this library as a trainer of an ML.NET pipeline.</summary>
public sealed class HeadEstimator : IEstimator<HeadTransformer>
{
    private readonly IHeadTrainer _trainer;
    private readonly HeadColumns _columns;
    private readonly bool _isRegression;

    internal HeadEstimator(IHeadTrainer trainer, HeadColumns columns, bool isRegression)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        (_trainer, _columns, _isRegression) = (trainer, columns, isRegression);
        if (!(isRegression ? trainer.Takes(HeadTask.Values) : trainer.Takes(HeadTask.Classes) || trainer.Takes(HeadTask.Labels)))
        {
            throw new FitException($"{trainer.Kind}: learns no {(isRegression ? "values" : "classes")}; take it as a trainer of "
                + $"mlContext.{(isRegression ? "MulticlassClassification" : "Regression")}, or another head");
        }
    }

    /// <summary>
    /// Fits the head on all rows whose label is there. Rows of an <see cref="EmbeddingSetExtensions.ToDataView(Embeddings.EmbeddingSet)"/>
    /// are learned from where they lie; of any other view they are read into memory once, N x D floats.
    /// </summary>
    /// <exception cref="OnnxTransferException">A column is missing or of another type.</exception>
    /// <exception cref="FitException">The rows cannot be learned from.</exception>
    public HeadTransformer Fit(IDataView input)
    {
        var fit = _trainer.FitAndReport(HeadRows.Read(input, _columns, _isRegression));
        return new HeadTransformer(fit.Head, _columns.Features, fit.Report);
    }

    /// <summary>The input's columns, Score, and for classes PredictedLabel.</summary>
    /// <exception cref="OnnxTransferException">A column is missing.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        foreach (string name in _columns.Names())
        {
            if (inputSchema.All(column => column.Name != name))
            {
                throw HeadRows.NoColumn(name, inputSchema.Select(column => column.Name));
            }
        }

        var label = inputSchema.First(column => column.Name == _columns.Label);
        bool isVector = label.Kind != SchemaShape.Column.VectorKind.Scalar;
        if (_isRegression && !isVector)
        {
            return ColumnShapes.Append(inputSchema, (HeadTransformer.Score, ColumnShapes.Number, null));
        }

        var scores = (HeadTransformer.Score, ColumnShapes.Vector, ColumnNames.SlotNames);
        return isVector
            ? ColumnShapes.Append(inputSchema, scores)
            : ColumnShapes.Append(inputSchema, (HeadTransformer.PredictedLabel, ColumnShapes.Key, ColumnNames.KeyValues), scores);
    }
}
