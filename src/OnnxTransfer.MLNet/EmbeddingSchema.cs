using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>Which columns a set has, and of which type: those whose values it has.</summary>
internal static class EmbeddingSchema
{
    public static DataViewSchema Of(EmbeddingSet set)
    {
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(EmbeddingColumns.Embedding, new VectorDataViewType(NumberDataViewType.Single, set.Width));
        AddAnswer(schema, set);
        if (set.Weights.Length > 0)
        {
            schema.AddColumn(EmbeddingColumns.Weight, NumberDataViewType.Single);
        }

        foreach (var (name, there) in new[]
        {
            (EmbeddingColumns.Group, set.Groups.Length), (EmbeddingColumns.Split, set.Splits.Length), (EmbeddingColumns.Name, set.Names.Length),
        })
        {
            if (there > 0)
            {
                schema.AddColumn(name, TextDataViewType.Instance);
            }
        }

        return schema.ToSchema();
    }

    private static void AddAnswer(DataViewSchema.Builder schema, EmbeddingSet set)
    {
        if (set.IsRegression && set.TargetCount > 1)
        {
            schema.AddColumn(
                EmbeddingColumns.Targets,
                new VectorDataViewType(NumberDataViewType.Single, set.TargetCount),
                ColumnNames.Of(ColumnNames.SlotNames, set.TargetNames));
        }
        else if (set.IsRegression)
        {
            schema.AddColumn(EmbeddingColumns.Label, NumberDataViewType.Single);
        }
        else if (set.IsMultiLabel)
        {
            schema.AddColumn(
                EmbeddingColumns.Labels,
                new VectorDataViewType(BooleanDataViewType.Instance, set.Classes.Count),
                ColumnNames.Of(ColumnNames.SlotNames, set.Classes));
        }
        else if (set.Classes.Count > 0 && set.Labels.Length > 0)
        {
            schema.AddColumn(
                EmbeddingColumns.Label, new KeyDataViewType(typeof(uint), set.Classes.Count), ColumnNames.Of(ColumnNames.KeyValues, set.Classes));
        }
    }
}
